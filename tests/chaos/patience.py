"""Ask a database whose connections are cut and whose server crashes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connection

from tests.jobs.trail import hold_a_moment

T = TypeVar("T")
LONGEST_OUTAGE = 60.0


def patiently(ask: Callable[[], T]) -> T:
    """Return what ``ask`` returns, called again for as long as the database is away; it must be safe to repeat."""
    deadline = time.monotonic() + LONGEST_OUTAGE
    while True:
        try:
            return ask()
        except (DatabaseError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            hold_a_moment()


def cut(number: int) -> int:
    """End so many connections of others to this database, as a server or a firewall may; return how many it were."""
    victims = {
        "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "ORDER BY random() LIMIT %s",
        "mysql": "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() "
        "ORDER BY RAND() LIMIT %s",
    }[connection.vendor]
    end = {"postgresql": "SELECT pg_terminate_backend(%s)", "mysql": "KILL %s"}[connection.vendor]
    ended = 0
    with connection.cursor() as cursor:
        cursor.execute(victims, [number])
        for (victim,) in cursor.fetchall():
            try:
                cursor.execute(end, [victim])
            except DatabaseError:  # it has gone meanwhile
                continue
            ended += 1
    return ended

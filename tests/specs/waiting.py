"""Find out whether a session waits for a lock."""

from __future__ import annotations

import time

from django.db import connection

from tests.specs.session import Session

A_MOMENT = 0.004
LONG = 0.25
"""Seconds after which a session that has not come back is taken to wait, whatever the server says.

Where it does not, two sessions really run at once for a moment: another order, and as good.
"""


def arrives(session: Session) -> bool:
    """Wait for the session to stand before its next step, or to end; False if it waits for a lock of another one."""
    deadline = time.monotonic() + LONG
    while not session.here.wait(A_MOMENT):
        if _waits_for_a_lock(session) or time.monotonic() > deadline:
            return session.here.is_set()
    return True


def _waits_for_a_lock(session: Session) -> bool:
    if connection.vendor == "sqlite":
        return False
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [session.backend])
            return bool(cursor.fetchone() == ("Lock",))
        # Of the whole server: what says it by session, innodb_trx, is a copy that is renewed every 0.1 s.
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")
        return int(cursor.fetchone()[1]) > 0

"""Which dialect speaks for which vendor."""

from __future__ import annotations

from django.db import NotSupportedError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_tasks_fsm.dialects.base import Dialect
from django_tasks_fsm.dialects.mysql import MySQLDialect
from django_tasks_fsm.dialects.postgresql import PostgreSQLDialect
from django_tasks_fsm.dialects.sqlite import SQLiteDialect

DIALECTS: dict[str, type[Dialect]] = {
    "postgresql": PostgreSQLDialect,
    "sqlite": SQLiteDialect,
    "mysql": MySQLDialect,
}


def choose(connection: BaseDatabaseWrapper) -> Dialect:
    """Return a dialect bound to ``connection``."""
    try:
        return DIALECTS[connection.vendor](connection)
    except KeyError:
        raise NotSupportedError(
            f"django_tasks_fsm does not know the database vendor {connection.vendor!r}. "
            f"It supports {', '.join(sorted(DIALECTS))}; route its models to one of them."
        ) from None

"""The database's clock as an ORM expression."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from django_tasks_fsm.dialects.choose import choose


class DatabaseNow(models.Func):
    """The clock of the database at this statement; leases, due times and timestamps are compared by it only.

    Django's ``Now()`` will not do: it is the start of the transaction on PostgreSQL and follows the session's time zone
    on MySQL.
    """

    output_field = models.DateTimeField()

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **context: Any) -> tuple[str, Any]:
        """Return the vendor's expression."""
        return choose(connection).now_sql, []


class StatementNow(DatabaseNow):
    """The same clock, equal wherever it stands in one statement."""

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *args: Any, **context: Any) -> tuple[str, Any]:
        """Return the vendor's expression."""
        return choose(connection).statement_now_sql, []

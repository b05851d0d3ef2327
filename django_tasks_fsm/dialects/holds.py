"""A condition of the hot statements as an ORM expression, so that a look at one row asks exactly what they ask."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import QuerySet


class Holds(models.Func):
    """Tell whether ``condition`` holds for a row; it names columns bare, so the query must not join."""

    output_field = models.BooleanField()

    def __init__(self, condition: str) -> None:
        super().__init__()
        self._condition = condition

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, Any]:
        """Return the condition as a value."""
        return f"({self._condition})", []


def where(rows: QuerySet[Any], condition: str) -> QuerySet[Any]:
    """Return those of the rows for which ``condition`` holds, word for word: since Django 6.1 a filter by Holds says
    ``(condition) = True`` on SQLite, in which it does not recognise a partial index."""
    return rows.extra(where=[condition])

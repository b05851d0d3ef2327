"""Several small questions in one statement: a page that asks forty of them would spend its time on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import QuerySet

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Row

COUNT = "COUNT(*)"
COUNT_TRIED = "COUNT(NULLIF(attempt, 0))"
EARLIEST = "MIN(run_at)"

Question = tuple[str, QuerySet[Any]]


def answer_each(questions: Sequence[Question], using: str) -> list[Any]:
    """Return an aggregate over each queryset, in order; slice them, or the answer takes as long as the table is big.

    Values are as the driver gives them.
    """
    parts: list[str] = []
    params: list[Any] = []
    for number, (aggregate, rows) in enumerate(questions):
        sql, values = _compiled(rows, using)
        parts.append(f"(SELECT {aggregate} FROM ({sql}) AS part{number})")
        params += values
    return list(for_alias(using).fetch(f"SELECT {', '.join(parts)}", params)[0]) if parts else []


def list_each(querysets: Sequence[QuerySet[Any]], using: str) -> list[list[Row]]:
    """Return the rows of each queryset of ``values_list``, all with as many columns of the same types, in no order.

    Values are as the driver gives them.
    """
    parts: list[str] = []
    params: list[Any] = []
    for number, rows in enumerate(querysets):
        sql, values = _compiled(rows, using)
        parts.append(f"SELECT {number} AS part, part{number}.* FROM ({sql}) AS part{number}")
        params += values
    found: list[list[Row]] = [[] for _ in querysets]
    for number, *row in for_alias(using).fetch(" UNION ALL ".join(parts), params):
        found[number].append(tuple(row))
    return found


def _compiled(rows: QuerySet[Any], using: str) -> tuple[str, Sequence[Any]]:
    sql, params = rows.query.get_compiler(connection=connections[using]).as_sql()
    return sql, params

"""Ask the database how it would execute the statements that a piece of work sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

Statement = tuple[str, Any]


def statements(work: Callable[[], Any]) -> list[Statement]:
    """Return what ``work`` sends, with its parameters: a plan may depend on whether a value is one."""
    sent: list[Statement] = []

    def note(execute, sql, params, many, context):
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        work()
    return sent


def plan(statement: Statement) -> str:
    """Return the plan of one statement as text."""
    sql, params = statement
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN", "mysql": "EXPLAIN"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", params)
        return "\n".join(" ".join(str(value) for value in row) for row in cursor.fetchall())


def plans(work: Callable[[], Any], table: str) -> list[str]:
    """Return the plans of the statements of ``work`` that read or change rows of ``table``."""
    sent = statements(work)
    wanted = [one for one in sent if f"{table} " in one[0].replace('"', "").replace("`", "") and is_explainable(one[0])]
    return [plan(one) for one in wanted]


def is_explainable(sql: str) -> bool:
    """Return whether a statement has a plan; inserts have none worth reading, nor has the empty locking update."""
    return sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")) and not sql.endswith("WHERE 0")

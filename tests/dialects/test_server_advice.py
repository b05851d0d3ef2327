"""What a server is told about itself."""

from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.postgresql_server import advice_of
from django_tasks_fsm.models import TaskRun

TABLE = TaskRun._meta.db_table


class Server:
    """Answer as PostgreSQL would."""

    def __init__(self, facts: tuple[Any, ...], age: float | None = None, exists: bool = True) -> None:
        self._facts, self._age, self._exists = facts, age, exists

    def fetch(self, sql: str, params: object = ()) -> list[tuple[Any, ...]]:
        if "to_regclass" in sql:
            return [(self._exists,)]
        return [(self._age,)] if "pg_stat_activity" in sql else [self._facts]


def told(*facts: Any, age: float | None = None, exists: bool = True) -> list[tuple[str, bool]]:
    server: Any = Server(facts, age, exists)
    return [(name, is_wrong) for name, is_wrong, _, _ in advice_of(server, TABLE)]


@pytest.mark.parametrize(
    ("facts", "age", "expected"),
    [
        (("on", "read committed", 10.0, ""), 3.0, []),
        (("off", "read committed", 10.0, ""), None, [("autovacuum", True)]),
        (("on", "read committed", 10.0, "autovacuum_enabled=false"), None, [("autovacuum", True)]),
        (("on", "read committed", 1e6, ""), None, [("vacuum", False)]),
        (("on", "read committed", 1e6, "autovacuum_vacuum_scale_factor=0.02"), None, []),
        (("on", "serializable", -1.0, ""), None, [("isolation", True)]),
        (("on", "read committed", 10.0, ""), 61.0, [("old-transaction", True)]),
    ],
)
def test_what_slows_the_queue_down_is_told(facts: tuple[Any, ...], age: float | None, expected: object) -> None:
    assert told(*facts, age=age) == expected


def test_nothing_is_told_of_a_table_that_is_not_there() -> None:
    assert told("off", "serializable", 1e6, "", exists=False) == []


@pytest.mark.django_db
def test_every_vendor_answers() -> None:
    for name, is_wrong, problem, hint in for_alias("default").server_advice(TABLE):
        assert isinstance(is_wrong, bool)
        assert all((name, problem, hint))

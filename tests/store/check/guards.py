"""Write what the constraints of the database refuse: as a dump that was restored without them has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from django_tasks_fsm.models import TaskRun

INDEXES = {"key": "fsm_run_key", "scheduled_for": "fsm_run_once_per_slot"}


def raw(row: Any, **values: Any) -> None:
    """Write columns of a row past everything; ``row`` is read again."""
    with without_checks(type(row)):
        assert type(row)._base_manager.filter(pk=row.pk).update(**values) == 1
    row.refresh_from_db()


@contextmanager
def without_checks(model: Any) -> Iterator[None]:
    """Let rows of a model break its CHECK constraints; on PostgreSQL until the transaction of the test ends."""
    switches = {
        "sqlite": ("PRAGMA ignore_check_constraints = {}", 1, 0),
        "mysql": ("SET check_constraint_checks = {}", 0, 1),
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for constraint in model._meta.constraints:
                if hasattr(constraint, "condition") and not hasattr(constraint, "fields"):
                    cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT IF EXISTS {constraint.name}")
            yield
            return
        switch, off, on = switches[connection.vendor]
        cursor.execute(switch.format(off))
        try:
            yield
        finally:
            cursor.execute(switch.format(on))


def drop_unique(column: str) -> None:
    """Drop the unique index of a column of the runs until the transaction of the test ends."""
    name = INDEXES[column]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {TaskRun._meta.db_table} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(f"DROP INDEX IF EXISTS {name}")

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.db.models import Q

from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.indexes import PartialIndex, UniqueWhenSet

INDEX = PartialIndex(fields=["queue", "-priority"], name="i", where=Q(state="QUEUED"), leading=("state",))
UNIQUE = UniqueWhenSet(fields=["task", "scheduled_for"], when_set="scheduled_for", name="u")


@pytest.mark.parametrize("made", [INDEX, UNIQUE])
def test_it_survives_a_migration_file(made):
    path, args, kwargs = made.deconstruct()
    assert type(made)(*args, **kwargs) == made
    assert path == f"{type(made).__module__}.{type(made).__name__}"
    assert MigrationWriter.serialize(made)[0].startswith(path)


def test_an_index_with_other_rows_or_other_leading_columns_is_another_index():
    fields = {"fields": ["queue", "-priority"], "name": "i"}
    assert PartialIndex(**fields, where=Q(state="DONE"), leading=("state",)) != INDEX
    assert PartialIndex(**fields, where=Q(state="QUEUED")) != INDEX
    assert UniqueWhenSet(fields=["task", "scheduled_for"], when_set="task", name="u") != UNIQUE


def test_a_clone_is_equal():
    assert INDEX.clone() == INDEX
    assert UNIQUE.clone() == UNIQUE


def columns_of(model: type[models.Model], name: str) -> Any:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, model._meta.db_table)[name]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "name", "columns"),
    [
        (TaskRun, "fsm_run_claim", ["queue", "priority", "run_at", "id"]),
        (TaskRun, "fsm_run_due", ["run_at"]),
        (TaskRun, "fsm_run_held", ["worker_id"]),
        (TaskRun, "fsm_run_graph", ["graph"]),
        (TaskRun, "fsm_run_task", ["task_id", "id"]),
        (Task, "fsm_task_fires", ["next_run_at"]),
    ],
)
def test_the_index_stands_in_the_database_whether_or_not_it_can_be_partial(model, name, columns):
    index = next(index for index in model._meta.indexes if index.name == name)
    leading = [] if connection.features.supports_partial_indexes else list(getattr(index, "leading", ()))
    assert columns_of(model, name)["columns"] == [*leading, *columns]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["fsm_run_once_per_slot", "fsm_run_key"])
def test_the_unique_constraint_stands_in_the_database_on_every_vendor(name):
    assert columns_of(TaskRun, name)["unique"]


@pytest.mark.django_db
def test_django_does_not_warn_that_a_constraint_is_left_out():
    assert [message for message in TaskRun.check(databases=["default"]) if "constraint" in message.msg.lower()] == []
    assert TaskRun.check(databases=["default"]) == Task.check(databases=["default"]) == []

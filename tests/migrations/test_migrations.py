from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from django_tasks_fsm.models import Queue, Task, TaskRun
from tests.store.rows import a_run

APP = "django_tasks_fsm"


def ours() -> set[str]:
    return {name for name in connection.introspection.table_names() if name.startswith(f"{APP}_")}


def constraints() -> dict[str, tuple]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TaskRun._meta.db_table)
    names = ("columns", "unique", "index", "check", "orders")
    return {name: tuple(str(row.get(key)) for key in names) for name, row in found.items() if name.startswith("fsm_")}


@pytest.mark.django_db
def test_the_models_and_the_migrations_agree():
    out = StringIO()
    call_command("makemigrations", APP, check=True, dry_run=True, stdout=out)
    assert "No changes detected" in out.getvalue()


@pytest.mark.django_db
def test_there_is_one_last_migration():
    loader = MigrationLoader(connection)
    assert len(loader.graph.leaf_nodes(APP)) == 1
    assert loader.detect_conflicts() == {}


@pytest.mark.django_db(transaction=True)
def test_the_tables_go_and_come_back_as_they_were():
    before, tables = constraints(), ours()
    a_run()
    try:
        call_command("migrate", APP, "zero", verbosity=0)
        assert ours() == set()
    finally:
        call_command("migrate", APP, verbosity=0)
    assert (ours(), constraints()) == (tables, before)
    assert not TaskRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_taken_back_by_itself():
    loader = MigrationLoader(connection)
    (leaf,) = loader.graph.leaf_nodes(APP)
    steps = [node for node in loader.graph.forwards_plan(leaf) if node[0] == APP]
    try:
        for step in reversed(steps):
            MigrationExecutor(connection).migrate([step])
            assert ours()
    finally:
        call_command("migrate", APP, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_rows_are_synced_again_after_the_tables_came_back():
    call_command("migrate", APP, verbosity=0)  # writes the rows that the tests before have deleted
    names = set(Task.objects.filter(origin="code").values_list("name", flat=True))
    call_command("migrate", APP, "zero", verbosity=0)
    call_command("migrate", APP, verbosity=0)
    assert set(Task.objects.filter(origin="code").values_list("name", flat=True)) == names
    assert Queue.objects.filter(name="default").exists()

"""``tasks_fsm doctor``: each illness is found, with what it means and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.cli import diagnosis
from django_tasks_fsm.models import Queue, Task
from django_tasks_fsm.store.status import status
from tests.cli.terminal import as_json, command
from tests.store.rows import a_run, a_task, a_worker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what the server of the tests is told about."""
    monkeypatch.setattr("django_tasks_fsm.dialects.postgresql_server.advice_of", lambda dialect, table: [])


def findings(code: int = 1) -> dict[str, Any]:
    return {one["id"]: one for one in as_json("doctor", code=code)["findings"]}


def test_a_healthy_project_ends_with_zero() -> None:
    assert findings(code=0) == {}
    assert command("doctor") == (0, "Nothing is wrong.\n")


def test_a_finding_says_what_it_means_and_what_to_do() -> None:
    Task.objects.create(name="ghost", function="no.such.function")
    code, out = command("doctor")
    assert code == 1
    assert out.splitlines() == [
        "[error] function: The function no.such.function of task ghost is not registered in this process.",
        "  A worker like this process hands its runs back, again and again.",
        "  Deploy the code that has it, or retire the task.",
    ]


def test_a_task_that_is_put_away_may_lack_its_function() -> None:
    Task.objects.create(name="ghost", function="no.such.function", state="RETIRED")
    assert findings(code=0) == {}


@pytest.mark.fault("F57")
def test_a_schedule_that_cannot_be_read_is_found() -> None:
    a_task("odd", function="tests.jobs.tasks.noop", trigger={"version": 1, "kind": "lunar"})
    assert "odd" in findings()["trigger"]["problem"]


def test_a_lost_worker_is_found_with_what_it_holds() -> None:
    worker = a_worker("Ada", silent_for=3600)
    a_run("RUNNING", worker_id=worker.pk)
    found = findings()["lost-worker"]
    assert "Ada" in found["problem"]
    assert "its 1 run back" in found["meaning"]


def test_ready_work_that_nobody_serves_is_found() -> None:
    Queue.objects.get_or_create(name="default")
    a_run("QUEUED", task=Task.objects.create(name="t", function="tests.jobs.tasks.noop"))
    assert findings()["unserved"]["level"] == "error"


def test_clocks_that_differ_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    late = timezone.now() - timedelta(minutes=5)
    monkeypatch.setattr("django.utils.timezone.now", lambda: late)
    assert "differ by 300" in findings()["clock"]["problem"]


def test_missing_migrations_are_found_before_any_row_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = diagnosis.Finding("migrations", diagnosis.ERROR, "0002_more")
    monkeypatch.setattr(diagnosis, "_unapplied", lambda using: missing)
    monkeypatch.setattr(diagnosis, "status", lambda using: pytest.fail("the columns may be missing"))
    assert list(findings()) == ["migrations"]


def test_a_migration_that_is_not_applied_is_named() -> None:
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connection).migration_qs.filter(app="django_tasks_fsm").delete()
    assert "0001_initial" in findings()["migrations"]["problem"]


def test_a_database_that_cannot_be_reached_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    assert "connection refused" in findings()["database"]["problem"]


def test_a_pool_that_is_too_small_for_a_worker_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    a_worker("Ada", concurrency=8)
    now = status("default")
    monkeypatch.setattr(diagnosis, "pool_size", lambda using: 9)
    assert [(one.id, '"max_size": 10' in one.advice) for one in diagnosis._pool(now, "default")] == [("pool", True)]
    monkeypatch.setattr(diagnosis, "pool_size", lambda using: 10)
    assert list(diagnosis._pool(now, "default")) == []


def test_system_checks_of_this_app_are_repeated_unless_silenced() -> None:
    with override_settings(TASKS={}):
        assert findings()["django_tasks_fsm.W001"]["level"] == "warning"
    with override_settings(TASKS={}, SILENCED_SYSTEM_CHECKS=["django_tasks_fsm.W001"]):
        assert findings(code=0) == {}


def test_a_worker_that_does_not_keep_up_is_found() -> None:
    a_worker("Ada", queues=["*"], concurrency=4, saturated_since=timezone.now())
    found = findings()["saturated"]
    assert found["problem"].startswith("Worker Ada is saturated: all its 4 slots are taken")
    assert "tasks_fsm resize" in found["advice"]

"""Atomic functions on workers that die, or come back too late: what they write is there once."""

from __future__ import annotations

import signal

import pytest
from django.db import connection

from django_tasks_fsm.models import TaskRun
from tests.jobs import wholes
from tests.jobs.processes import SHORT_LEASE

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def failing_process(start_process, monkeypatch):
    """Give ``start(failpoints)``: a worker process that fails where it is told to."""

    def start(failpoints):
        monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.wholes")
        monkeypatch.setenv("TASKS_FSM_FAILPOINTS", failpoints)
        return start_process("--concurrency=1", lease=SHORT_LEASE)

    return start


@pytest.mark.fault("F1")
@pytest.mark.parametrize("point", ["finish.written", "finish.committed"])
def test_a_worker_that_is_killed_at_the_end_leaves_the_effect_once(failing_process, start_worker, wait_until, point):
    worker = failing_process(f"{point}=kill9")
    result = wholes.add.enqueue("word", 5)
    assert worker.wait() == -signal.SIGKILL
    is_committed = point == "finish.committed"
    assert (wholes.left("word"), TaskRun.objects.get(pk=result.id).state == "DONE") == (is_committed, is_committed)
    start_worker()
    assert result.wait(30) == 5
    assert wholes.left("word") == 1


@pytest.mark.fault("F4")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="whoever holds the write lock keeps the others out")
def test_what_a_worker_has_done_that_comes_back_too_late_is_undone(failing_process, start_worker):
    late = failing_process("run.returned=stop")
    result = wholes.add.enqueue("word")
    late.wait_for("Failpoint run.returned")
    start_worker()
    result.wait(30)
    late.send(signal.SIGCONT)
    late.wait_for("stale result dropped")
    run = TaskRun.objects.get(pk=result.id)
    assert (run.state, run.attempt, wholes.left("word")) == ("DONE", 2, 1)

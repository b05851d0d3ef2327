"""What must not end a worker: its log, its namesake, an interpreter that stands still."""

from __future__ import annotations

import logging
import os
from datetime import timedelta

import pytest

from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import TaskRun, Worker
from tests.jobs import trail
from tests.jobs.processes import LONG_LEASE
from tests.jobs.tasks import echo, fail, noop
from tests.jobs.unruly import hold_the_interpreter

pytestmark = pytest.mark.usefixtures("quick_options")


class Raising(logging.Handler):
    """A handler whose author has not thought of errors."""

    heard = 0

    def emit(self, record):
        self.heard += 1
        raise RuntimeError("the place that logs go to is away")


@pytest.fixture
def raising(monkeypatch):
    """Give a handler of this app's log that raises whatever it gets."""
    log, handler = logging.getLogger("django_tasks_fsm"), Raising()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    log.addHandler(handler)
    before = log.level
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)
    log.setLevel(before)


def has_reader(fifo):
    """Let whoever waits for a writer go; tell whether somebody does."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


@pytest.mark.fault("F13")
def test_a_handler_of_the_log_that_raises_costs_no_run_and_no_worker(start_worker, raising, wait_until):
    worker = start_worker()
    failing, good = fail.enqueue(), echo.enqueue("good")
    assert good.wait(30) == "good"
    wait_until(lambda: TaskRun.objects.get(pk=failing.id).state == "PENDING")
    assert worker.stop() == 0
    assert raising.heard > 3
    assert logging.getLogger("django_tasks_fsm").filters == []


@pytest.mark.fault("F12")
def test_two_workers_of_one_name_hold_runs_by_their_own_ids(start_worker, wait_until):
    workers = [start_worker(name="same", concurrency=1) for _ in range(2)]
    ids = {worker.worker.identity.id for worker in workers}
    wait_until(lambda: set(Worker.objects.filter(name="same").values_list("pk", flat=True)) == ids)
    workers[0].stop()
    result = noop.enqueue()
    result.wait(30)
    assert TaskRun.objects.get(pk=result.id).worker_id == workers[1].worker.identity.id
    assert Worker.objects.filter(name="same", stopped_at=None).count() == 1


@pytest.mark.slow
@pytest.mark.fault("F32")
def test_a_worker_whose_interpreter_stands_still_is_taken_for_lost_and_its_late_end_is_dropped(
    start_process, start_worker, tmp_path, monkeypatch, wait_until
):
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.unruly")
    path, fifo, beat = str(tmp_path / "trail"), str(tmp_path / "fifo"), tmp_path / "beat"
    os.mkfifo(fifo)
    process = start_process(f"--heartbeat-file={beat}", lease=4 * LONG_LEASE)
    wait_until(beat.exists, 90)  # the next one comes in half a minute: it is not stopped in the middle either
    result = hold_the_interpreter.enqueue(path, fifo)
    wait_until(lambda: trail.read(path))
    Worker.objects.update(heartbeat_at=DatabaseNow() - timedelta(days=1))  # as if the lease were over
    start_worker()
    assert result.wait(60) == 2
    wait_until(lambda: has_reader(fifo))
    process.wait_for(f"Run {result.id} .* fence 1: stale result dropped")
    assert TaskRun.objects.get(pk=result.id).attempt == 2
    assert process.stop() == 0

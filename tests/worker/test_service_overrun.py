"""Functions that never ask whether to stop, and run past their timeouts."""

from __future__ import annotations

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.worker.executors import underway
from tests.jobs import trail
from tests.jobs.tasks import noop


@task(timeout=0.05, max_attempts=1)
def overrun(path, gate):
    trail.leave(path, "began")
    trail.hold(gate)


@task(timeout=0.05, max_attempts=2)
def overrun_twice(path, gate):
    trail.hold(gate)


@task(timeout=0.05, max_attempts=1)
async def block_the_loop(path, gate):
    trail.hold(gate)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Give trail and gate; the gate opens at the end, and nobody gets time beyond the timeout."""
    monkeypatch.setattr(underway, "LATE", 0.0)
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


def ended(result, wait_until):
    wait_until(lambda: TaskRun.objects.get(pk=result.id).is_final)
    return TaskRun.objects.get(pk=result.id)


@pytest.mark.fault("F30", "F33")
@pytest.mark.parametrize(
    ("function", "still"), [(overrun, "its thread is still busy"), (block_the_loop, "it is still running")]
)
def test_the_truth_is_recorded_while_the_function_runs_on(start_worker, files, wait_until, function, still):
    start_worker()
    run = ended(function.enqueue(*files), wait_until)
    assert run.state == "FAILED"
    assert run.error.endswith(f"RunTimedOut: The run took longer than its timeout of 0.05 s; {still}.")
    assert "trail.hold(gate)" in str(Transition.objects.get(run=run).detail)


def test_the_next_attempt_follows_by_policy(start_worker, files, wait_until):
    start_worker()
    result = overrun_twice.enqueue(*files)
    wait_until(lambda: Transition.objects.filter(run__pk=result.id, event="retry").exists())


@pytest.mark.fault("F30", "F33")
def test_the_slot_is_served_by_another_thread_and_the_late_return_changes_nothing(
    start_worker, files, caplog, wait_until
):
    worker = start_worker(concurrency=1)
    run = ended(overrun.enqueue(*files), wait_until)
    noop.enqueue().wait(10)
    open(files[1], "w").close()
    wait_until(lambda: f"{overrun.module_path}) has ended after it was given up" in caplog.text)
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("FAILED", 1)
    assert worker.worker.finished == 2


@pytest.mark.fault("F33")
def test_a_worker_stops_without_waiting_for_it_and_says_that_it_runs_on(start_worker, files, wait_until):
    worker = start_worker(grace=60.0)
    ended(overrun.enqueue(*files), wait_until)
    assert worker.stop() == 0
    assert worker.worker.leaves_functions


def test_it_is_given_up_while_the_worker_drains(start_worker, files, wait_until, monkeypatch):
    worker = start_worker(grace=60.0, interval=60.0)
    with monkeypatch.context() as patient:
        patient.setattr(underway, "LATE", 60.0)
        result = overrun.enqueue(*files)
        wait_until(lambda: trail.read(files[0]))
        worker.switch.ask("the test asks")
    assert worker.wait() == 0
    assert TaskRun.objects.get(pk=result.id).state == "FAILED"


def test_a_burst_that_has_no_slot_left_ends(start_worker, files):
    stuck = overrun.enqueue_many([files] * 2)
    worker = start_worker(concurrency=1, burst=True)
    assert worker.wait() == 0
    assert [TaskRun.objects.get(pk=result.id).state for result in stuck] == ["FAILED"] * 2
    left = noop.enqueue()
    assert TaskRun.objects.get(pk=left.id).state == "QUEUED"

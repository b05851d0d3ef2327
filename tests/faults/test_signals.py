"""What a process manager does to a worker: SIGTERM, and again when it loses its patience."""

from __future__ import annotations

import signal

import pytest

from django_tasks_fsm.models import TaskRun
from tests.jobs import trail
from tests.jobs.tasks import ahold_thread, hold, hold_pool, noop

SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def files(tmp_path):
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


@pytest.fixture
def holding(start_process, files, wait_until):
    """Give ``holding(task, *flags)``: a worker that is in the middle of a run, and the run."""

    def start(task, *flags):
        result = task.enqueue(*files)
        process = start_process(*flags)
        wait_until(lambda: trail.read(files[0]))
        return process, TaskRun.objects.get(pk=result.id)

    return start


@pytest.mark.fault("F2", "F17")
@pytest.mark.parametrize("number", SIGNALS)
def test_an_idle_worker_stops(start_process, number):
    result = noop.enqueue()
    process = start_process("--interval=60")
    result.wait(30)
    assert process.stop(number) == 0
    assert f"signal {number.name}" in process.log
    assert "Traceback" not in process.log


def test_a_run_that_ends_within_the_grace_is_done(holding, files):
    process, run = holding(hold, "--grace=60")
    process.send(signal.SIGTERM)
    process.wait_for("stops: signal SIGTERM")
    open(files[1], "w").close()
    assert process.wait() == 0
    run.refresh_from_db()
    assert run.state == "DONE"


def test_a_run_that_does_not_is_given_back_and_another_worker_runs_it(holding, start_worker, files):
    process, run = holding(hold, "--grace=0.2")
    assert process.stop(signal.SIGTERM) == 0
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("QUEUED", 0)
    start_worker()
    open(files[1], "w").close()
    assert run.wait(30) == 1
    assert trail.read(files[0]) == ["began 1", "began 1", "ended 1"]


@pytest.mark.fault("F3")
@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_does_not_wait_for_the_grace(holding, number):
    process, run = holding(hold, "--grace=300")
    process.send(number)
    process.wait_for(f"stops: signal {number.name}")
    assert process.stop(number) == 1
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("QUEUED", 0)


@pytest.mark.fault("F10")
@pytest.mark.parametrize("task", [hold_pool, ahold_thread], ids=["pool", "coroutine's thread"])
def test_threads_that_python_waits_for_do_not_keep_the_process(holding, task):
    process, run = holding(task, "--grace=0.2")
    assert process.stop(signal.SIGTERM) == 0
    run.refresh_from_db()
    assert run.state == "QUEUED"


@pytest.mark.fault("F2")
def test_no_claim_after_the_signal(holding, files):
    process, _ = holding(hold, "--grace=60")
    process.send(signal.SIGTERM)
    process.wait_for("stops: signal SIGTERM")
    late = noop.enqueue_many([[]] * 5)
    open(files[1], "w").close()
    process.wait()
    assert {TaskRun.objects.get(pk=result.id).fence for result in late} == {0}

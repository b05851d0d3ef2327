"""A person, or the clock, ends a run that is running."""

from __future__ import annotations

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.models import TaskRun, Transition
from tests.jobs import trail
from tests.jobs.tasks import ahold, hold, noop, obey

pytestmark = pytest.mark.usefixtures("quick_options")


@task(timeout=0.2)
def obey_in_time(path):
    obey.func(current(), path)


@task(timeout=0.2)
async def ahold_in_time(path, gate):
    await ahold.func(current(), path, gate)


def current():
    from django_tasks_fsm.context import current_run

    return current_run()


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


def started(task, *args, wait_until):
    result = task.enqueue(*args)
    wait_until(lambda: trail.read(args[0]))
    return TaskRun.objects.get(pk=result.id)


def ended(run, wait_until):
    wait_until(lambda: run.refresh_from_db() or run.is_final)
    return run.state


def test_a_function_that_asks_is_cancelled(start_worker, files, wait_until):
    start_worker()
    run = started(obey, files[0], wait_until=wait_until)
    run.cancel(reason="changed my mind")
    assert ended(run, wait_until) == "CANCELLED"


def test_a_coroutine_is_cancelled_and_tidies_up(start_worker, files, wait_until):
    start_worker()
    run = started(ahold, *files, wait_until=wait_until)
    run.cancel()
    assert ended(run, wait_until) == "CANCELLED"
    assert trail.read(files[0]) == ["began 1", "tidied 1"]


def test_a_function_that_never_asks_keeps_its_result(start_worker, files, wait_until):
    start_worker()
    run = started(hold, *files, wait_until=wait_until)
    run.cancel()
    open(files[1], "w").close()
    assert ended(run, wait_until) == "DONE"


def test_an_aborted_run_stays_aborted_whatever_comes_back(start_worker, files, caplog, wait_until):
    start_worker()
    run = started(hold, *files, wait_until=wait_until)
    assert run.abort()
    open(files[1], "w").close()
    wait_until(lambda: "stale result dropped" in caplog.text)
    assert ended(run, wait_until) == "ABORTED"


@pytest.mark.parametrize("task", [obey_in_time, ahold_in_time], ids=["function", "coroutine"])
def test_a_run_past_its_timeout_fails_and_says_so(start_worker, files, wait_until, task):
    start_worker()
    run = started(task, *files[: 1 if task is obey_in_time else 2], wait_until=wait_until)
    assert ended(run, wait_until) == "FAILED"
    assert run.error == "django_tasks_fsm.exceptions.RunTimedOut: The run took longer than its timeout of 0.2 s."
    assert (Transition.objects.get(run=run).detail or {})["exception"] == "django_tasks_fsm.exceptions.RunTimedOut"


def test_the_slot_is_free_afterwards(start_worker, files, wait_until):
    start_worker(concurrency=1)
    run = started(obey, files[0], wait_until=wait_until)
    run.cancel()
    noop.enqueue().wait(30)

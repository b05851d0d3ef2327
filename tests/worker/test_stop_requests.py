"""Time-out and cancel, with every executor, of functions that obey and that do not: the record says what is so."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.worker.executors import stint, underway
from tests.jobs import stopping, trail
from tests.jobs.tasks import fail, noop

ASKED = "a person asked for it"
LATE = "RunTimedOut: The run took longer than its timeout of 0.2 s"
KILLED = "its process was killed"

CANCELS = [
    ("thread", stopping.obey, "CANCELLED", ASKED),
    ("thread", stopping.cling, "DONE", ""),
    ("asyncio", stopping.ahold, "CANCELLED", ASKED),
    ("asyncio", stopping.acling, "DONE", ""),
    ("asyncio:side", stopping.ahold, "CANCELLED", ASKED),
    ("asyncio:side", stopping.acling, "DONE", ""),
    ("process", stopping.obey, "CANCELLED", ASKED),
    ("process", stopping.hold, "CANCELLED", ASKED),
    ("process", stopping.cling, "CANCELLED", f"{ASKED}; {KILLED}"),
    ("process", stopping.acling, "CANCELLED", f"{ASKED}; {KILLED}"),
    ("inline", stopping.obey, "CANCELLED", ASKED),
    ("inline", stopping.cling, "DONE", ""),
    ("threads", stopping.obey, "CANCELLED", ASKED),
    ("threads", stopping.cling, "DONE", ""),
]
"""Executor, function, the state in which a run that is asked to stop ends, and the reason."""

TIMEOUTS = [
    ("thread", stopping.obey, f"{LATE}."),
    ("thread", stopping.cling, f"{LATE}; its thread is still busy."),
    ("asyncio", stopping.ahold, f"{LATE}."),
    ("asyncio", stopping.acling, f"{LATE}; it is still running."),
    ("asyncio:side", stopping.acling, f"{LATE}; it is still running."),
    ("process", stopping.obey, f"{LATE}."),
    ("process", stopping.hold, f"{LATE}."),
    ("process", stopping.cling, f"{LATE}; {KILLED}."),
    ("process", stopping.acling, f"{LATE}; {KILLED}."),
    ("inline", stopping.obey, f"{LATE}."),
    ("threads", stopping.obey, f"{LATE}."),
    ("threads", stopping.cling, f"{LATE}; its pool has not answered."),
]
"""Executor, function, and the end of the error of a run whose time is up."""

OBEYS = (stopping.obey, stopping.ahold)


@pytest.fixture(autouse=True)
def impatient(monkeypatch, settings, database_url):
    """Let child processes use the test's database and settings, and give nobody time to stop politely."""
    options = {"LEASE_SECONDS": 10.0, "HEARTBEAT_SECONDS": 0.1, "TASK_MODULES": ["tests.jobs.stopping"]}
    options["EXECUTORS"] = {"threads": "tests.jobs.pools.threads"}
    settings.TASKS = {"default": {**settings.TASKS["default"], "QUEUES": [], "OPTIONS": options}}
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.stopping")
    monkeypatch.setattr(stint, "POLITE", 0.3)
    monkeypatch.setattr(stint, "GRACE", 0.3)
    monkeypatch.setattr(underway, "LATE", 0.5)


@pytest.fixture
def files(tmp_path):
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


@pytest.fixture
def begin(start_worker, files, wait_until):
    """Give ``begin(function, **row)``: a run of it that has begun, on a worker with two slots, and the worker."""

    def begin(function, **row):
        result = function.enqueue(*files)
        Task.objects.filter(name=function.module_path).update(**{"max_attempts": 1, **row})
        worker = start_worker(concurrency=2)
        wait_until(lambda: trail.read(files[0]))
        return TaskRun.objects.get(pk=result.id), worker.worker

    return begin


def ended(run, wait_until):
    wait_until(lambda: run.refresh_from_db() or run.is_final)
    return run


def ends(run):
    """Return the final states that the run has entered, and the reason of the last entry; DONE leaves none."""
    final = [
        row for row in Transition.objects.filter(run=run).order_by("pk") if row.to_state in ("CANCELLED", "FAILED")
    ]
    return [row.to_state for row in final] or ["DONE"], final[-1].reason if final else ""


@pytest.mark.parametrize(("executor", "function", "state", "reason"), CANCELS)
def test_a_cancel(begin, files, wait_until, executor, function, state, reason):
    run, worker = begin(function, executor=executor)
    run.cancel(reason="changed my mind")
    if executor != "inline":
        noop.enqueue().wait(10)  # the worker goes on meanwhile
    if state == "DONE":
        assert TaskRun.objects.get(pk=run.pk).state == "RUNNING"
        open(files[1], "w").close()
    assert ended(run, wait_until).state == state
    assert ends(run) == ([state], reason)
    wait_until(lambda: worker._cycle._executors.lost_slots == len(worker._cycle.hand) == 0)
    noop.enqueue().wait(10)


@pytest.mark.parametrize(("executor", "function", "error"), TIMEOUTS)
def test_a_timeout(begin, files, wait_until, executor, function, error):
    run, worker = begin(function, executor=executor, timeout=0.2)
    assert ended(run, wait_until).state == "FAILED"
    assert run.error.endswith(error)
    assert ends(run)[0] == ["FAILED"]
    noop.enqueue().wait(10)  # though a function may run on
    runs_on = executor != "process" and function not in OBEYS
    assert worker._cycle.stuck == int(runs_on)
    assert worker._cycle._executors.lost_slots == int(executor == "threads" and runs_on)
    open(files[1], "w").close()
    wait_until(lambda: worker._cycle.stuck == 0)
    run.refresh_from_db()
    assert run.state == "FAILED"


def test_an_inline_function_that_never_asks_ends_when_it_ends(begin, files, wait_until):
    run, _ = begin(stopping.cling, executor="inline", timeout=0.2)
    wait_until(lambda: (timezone.now() - run.started_at) > timedelta(seconds=1))
    open(files[1], "w").close()
    assert ended(run, wait_until).state == "DONE"


def test_a_run_that_waits_for_its_next_attempt_is_cancelled_at_once(start_worker, wait_until):
    result = fail.enqueue()
    start_worker()
    wait_until(lambda: Transition.objects.filter(run__pk=result.id, event="retry").exists())
    run = TaskRun.objects.get(pk=result.id)
    assert run.cancel(reason="no more of it")
    assert (run.state, run.attempt) == ("CANCELLED", 1)
    TaskRun.objects.filter(pk=run.pk, state="PENDING").update(run_at=timezone.now())
    noop.enqueue().wait(10)
    assert ends(run) == (["CANCELLED"], "no more of it")


def test_a_run_that_is_asked_to_stop_and_fails_has_no_next_attempt(begin, files, wait_until):
    run, _ = begin(stopping.hold_and_fail, executor="thread", max_attempts=3)
    run.cancel()
    open(files[1], "w").close()
    assert ended(run, wait_until).state == "CANCELLED"
    assert ends(run) == (["CANCELLED"], "asked for while it ran")


def test_a_cancel_after_the_end_changes_nothing(begin, files, wait_until):
    run, _ = begin(stopping.hold)
    open(files[1], "w").close()
    assert ended(run, wait_until).state == "DONE"
    assert not run.cancel()
    assert ends(run) == (["DONE"], "")


def test_cancels_that_race_with_ends_leave_one_final_state_each(start_worker, files, wait_until):
    results = stopping.brief.enqueue_many([[files[0], 0.0]] * 60)
    runs = {result.id: TaskRun(pk=result.id) for result in results}
    start_worker(concurrency=4)
    chasers = [threading.Thread(target=chase, args=[list(runs)[part::3]]) for part in range(3)]
    for chaser in chasers:
        chaser.start()
    for chaser in chasers:
        chaser.join(60)
    wait_until(lambda: not TaskRun.objects.filter(finished_at=None).exists())
    for run in TaskRun.objects.all():
        assert ends(run)[0] == [run.state]


def chase(ids):
    """Cancel runs in their order, from another thread, while the worker ends them."""
    from django.db import connections

    for run_id in ids:
        TaskRun.objects.get(pk=run_id).cancel()
    connections.close_all()

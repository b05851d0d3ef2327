"""The loop on a real database: what it runs, how much of it, and when it ends by itself."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.models import Queue, TaskRun, Transition, Worker
from django_tasks_fsm.worker import lanes
from tests.jobs import trail
from tests.jobs.tasks import add, aecho, echo, fail, mark, noop, spawn

pytestmark = pytest.mark.usefixtures("quick_options")


def states(task=None):
    runs = TaskRun.objects.all() if task is None else TaskRun.objects.filter(task__function=task.module_path)
    return sorted(runs.values_list("state", flat=True))


def test_a_run_is_done_and_the_worker_leaves_a_row_that_says_it_stopped(start_worker):
    worker = start_worker(name="Ada")
    assert add.enqueue(1, b=2).wait(30) == 3
    assert worker.stop() == 0
    row = Worker.objects.get()
    assert (row.name, row.pk) == ("Ada", worker.worker.identity.id)
    assert row.stopped_at is not None


def test_a_burst_drains_what_is_due_and_what_that_frees(start_worker):
    first = echo.enqueue(1)
    second = aecho.using(after=[first]).enqueue(2)
    echo.using(after=[second]).enqueue(3)
    due = echo.using(run_after=timezone.now() + timedelta(milliseconds=20)).enqueue(4)
    later = echo.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(5)
    TaskRun.objects.filter(pk=due.id).update(run_at=timezone.now() - timedelta(seconds=1))
    assert start_worker(burst=True).wait() == 0
    assert states() == ["DONE"] * 4 + ["PENDING"]
    assert TaskRun.objects.get(pk=later.id).state == "PENDING"


def test_a_burst_does_not_wait_for_a_retry_that_is_due_later(start_worker):
    fail.enqueue()
    assert start_worker(burst=True).wait() == 0
    assert states() == ["PENDING"]


def test_a_burst_with_nothing_to_do_ends(start_worker):
    assert start_worker(burst=True).wait() == 0


@pytest.mark.parametrize("task", [noop, aecho], ids=["function", "coroutine"])
def test_exactly_so_many_tasks(start_worker, task):
    task.enqueue_many([[]] * 10)
    worker = start_worker(max_tasks=3, concurrency=8)
    assert worker.wait() == 0
    assert states() == ["DONE"] * 3 + ["QUEUED"] * 7
    assert worker.worker.finished == 3


def test_no_longer_than_so_many_seconds(start_worker):
    began = time.monotonic()
    assert start_worker(max_seconds=0.3).wait() == 0
    assert time.monotonic() - began >= 0.3


def test_only_the_queues_asked_for(start_worker):
    for name in ("a", "b", "c"):
        noop.using(queue_name=name).enqueue()
    start_worker(burst=True, queues=("a", "c"), excluded_queues=("c",)).wait()
    assert list(TaskRun.objects.filter(state="DONE").values_list("queue", flat=True)) == ["a"]
    start_worker(burst=True, excluded_queues=("b",)).wait()
    assert list(TaskRun.objects.filter(state="QUEUED").values_list("queue", flat=True)) == ["b"]


def test_a_paused_queue_rests_and_goes_on(start_worker, monkeypatch):
    monkeypatch.setattr(lanes, "FRESH_SECONDS", 0.0)
    start_worker()
    noop.enqueue().wait(30)
    Queue.objects.filter(name="default").update(paused_at=timezone.now())
    waiting = noop.enqueue()
    noop.using(queue_name="other").enqueue().wait(30)
    assert TaskRun.objects.get(pk=waiting.id).state == "QUEUED"
    Queue.objects.filter(name="default").update(paused_at=None)
    waiting.wait(30)


def test_a_new_queue_is_served_soon(start_worker):
    start_worker(interval=0.2)
    noop.enqueue().wait(30)
    noop.using(queue_name="brand-new").enqueue().wait(30)


def test_higher_priority_goes_first_then_what_is_due_longest(start_worker, tmp_path):
    for word, priority in (("c", 0), ("a", 50), ("d", 0), ("b", 50), ("e", -50)):
        mark.using(priority=priority).enqueue(str(tmp_path / "trail"), word)
    start_worker(burst=True, concurrency=1).wait()
    assert trail.read(tmp_path / "trail") == ["a", "b", "c", "d", "e"]


def test_the_heartbeat_file_is_touched(start_worker, tmp_path, wait_until):
    file = tmp_path / "alive"
    start_worker(heartbeat_file=str(file))
    wait_until(file.exists)
    before = file.stat().st_mtime_ns
    wait_until(lambda: file.stat().st_mtime_ns > before)


def test_a_heartbeat_file_that_cannot_be_written_costs_no_run(start_worker, caplog, wait_until):
    start_worker(heartbeat_file="/nowhere/at/all")
    assert add.enqueue(1, 1).wait(30) == 2
    wait_until(lambda: "The heartbeat file cannot be touched" in caplog.text)


@pytest.mark.fault("F15")
def test_a_failed_attempt_is_recorded_and_the_next_one_waits(start_worker, wait_until):
    result = fail.enqueue("no luck")
    start_worker()
    wait_until(lambda: TaskRun.objects.filter(pk=result.id, state="PENDING").exists())
    retried = Transition.objects.get(run__pk=result.id, event="retry")
    assert (retried.detail or {})["message"] == "no luck"
    run = TaskRun.objects.get(pk=result.id)
    assert (run.attempt, run.error) == (1, "builtins.RuntimeError: no luck")
    assert run.run_at > timezone.now()


@pytest.mark.fault("F34")
def test_a_run_may_enqueue_more_runs(start_worker):
    spawn.enqueue(30)
    start_worker(burst=True).wait()
    assert states(spawn) == ["DONE"]
    assert states(noop) == ["DONE"] * 30


def test_a_loop_whose_heart_has_stopped_beats_itself_before_it_claims(start_worker, wait_until):
    worker = start_worker()
    noop.enqueue().wait(30)
    worker.worker._heart.stop()
    before = Worker.objects.get().heartbeat_at
    wait_until(lambda: Worker.objects.get().heartbeat_at > before)
    noop.enqueue().wait(30)
    assert not Transition.objects.exists()

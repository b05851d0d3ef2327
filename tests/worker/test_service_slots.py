"""Slots that are shared out, by workers on a real database: what has none waits, and everything else goes on."""

from __future__ import annotations

import pytest

from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.worker import service
from tests.jobs import processed, trail
from tests.jobs.tasks import ahold, echo, hold, noop
from tests.jobs.threads import WorkerThread
from tests.worker.executors.conftest import child_settings

__all__ = ["child_settings"]
pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "trail")


@pytest.fixture
def gate(tmp_path):
    return tmp_path / "gate"


def running():
    return TaskRun.objects.filter(state="RUNNING").count()


@pytest.mark.parametrize("task", [hold, ahold], ids=["function", "coroutine"])
def test_a_reserved_slot_is_kept_for_what_is_urgent(start_worker, path, gate, wait_until, task):
    task.enqueue_many([[path, str(gate)]] * 5)
    start_worker(concurrency=3, reserve=((50, 1),))
    wait_until(lambda: trail.read(path) == ["began 1"] * 2)
    for priority in (50, 100, 50):
        noop.using(priority=priority).enqueue().wait(30)
    assert running() == 2
    gate.touch()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 8)


def test_reserved_slots_nest(start_worker, path, gate, wait_until):
    for priority in (95, 60, 60, 0, 0):
        hold.using(priority=priority).enqueue(path, str(gate))
    start_worker(concurrency=4, reserve=((50, 1), (90, 1)))
    wait_until(lambda: trail.read(path) == ["began 1"] * 4)
    assert sorted(TaskRun.objects.filter(state="QUEUED").values_list("priority", flat=True)) == [0]
    gate.touch()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 5)


def test_short_runs_are_not_claimed_ahead_into_a_reserved_slot(start_worker):
    most: list[int] = []
    workers: list[WorkerThread] = []

    def watch(execute, sql, params, many, context):
        most.extend(len(each.worker._cycle.hand.busy()) for each in workers)
        return execute(sql, params, many, context)

    noop.enqueue_many([[]] * 300)
    workers.append(start_worker(concurrency=4, reserve=((50, 2),), burst=True, wrapper=watch))
    workers[0].wait()
    assert max(most) <= 2
    assert TaskRun.objects.filter(state="DONE").count() == 300


def test_a_queue_takes_no_more_than_its_slots(start_worker, path, gate, wait_until):
    hold.using(queue_name="reports", priority=9).enqueue_many([[path, str(gate)]] * 4)
    start_worker(concurrency=3, queue_concurrency=(("reports", 1),))
    wait_until(lambda: trail.read(path) == ["began 1"])
    assert [noop.enqueue().wait(30) for _ in range(5)] == [None] * 5
    assert trail.read(path) == ["began 1"]
    gate.touch()
    wait_until(lambda: TaskRun.objects.filter(queue="reports", state="DONE").count() == 4)


def test_runs_that_wait_for_a_child_process_are_left_to_others_and_not_given_back_again_and_again(
    start_worker, path, gate, wait_until, settings, monkeypatch, database_url, child_settings
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(service, "STALE_PREFETCH", 0.05)
    options = {**settings.TASKS["default"]["OPTIONS"], "PROCESS_WORKERS": 1}
    settings.TASKS = {"default": {**settings.TASKS["default"], "OPTIONS": options}}
    processed.hold.using(priority=50).enqueue_many([[path, str(gate)]] * 4)
    start_worker(concurrency=4, interval=0.02)
    wait_until(lambda: trail.read(path))
    for number in range(100):
        assert echo.enqueue(number).wait(30) == number
    assert Transition.objects.filter(event="release").count() <= 3
    assert (running(), len(trail.read(path))) == (1, 1)
    gate.touch()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 104)


def test_the_row_says_how_the_slots_are_shared_out(start_worker, wait_until):
    start_worker(concurrency=4, reserve=((50, 1), (90, 1)), queue_concurrency=(("reports", 1),))
    row = wait_until(lambda: Worker.objects.filter(rss__gt=0).first())
    assert (row.reserved, row.queue_concurrency, row.kept_slots) == ([[50, 1], [90, 1]], {"reports": 1}, 2)
    assert set(row.versions) == {"python", "django", "app"}

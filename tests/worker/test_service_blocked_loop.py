"""A coroutine that blocks its event loop is in the way of that loop's coroutines, and of nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm import task
from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.worker import handback
from django_tasks_fsm.worker.executors import coroutine
from tests.jobs import trail
from tests.jobs.tasks import aecho, block_loop, echo

pytestmark = pytest.mark.usefixtures("quick_options")


@task(executor="asyncio:side")
async def on_the_side(value):
    return value


@pytest.fixture
def blocked(start_worker, tmp_path, wait_until, monkeypatch):
    """Give a worker whose event loop is blocked until the file that is given too exists."""
    monkeypatch.setattr(coroutine, "BLOCKED_AFTER", 0.2)
    path, gate = str(tmp_path / "trail"), tmp_path / "gate"
    block_loop.enqueue(path, str(gate))
    worker = start_worker(concurrency=4)
    wait_until(lambda: trail.read(path))
    yield worker, gate
    gate.touch()


def handed_back(results):
    return Transition.objects.filter(run__in=[result.id for result in results], event="reschedule")


@pytest.mark.fault("F31")
def test_what_waits_for_it_is_handed_back_uncharged(blocked, wait_until):
    results = aecho.enqueue_many([[number] for number in range(5)])
    wait_until(lambda: handed_back(results).values("run").distinct().count() == 5)
    assert "the event loop asyncio is blocked by a coroutine that does not await" in handed_back(results)[0].reason
    runs = TaskRun.objects.filter(pk__in=[result.id for result in results])
    assert set(runs.values_list("state", "attempt")) == {("PENDING", 0)}
    assert not runs.filter(run_at__lt=timezone.now() + timedelta(seconds=1)).exists()


@pytest.mark.fault("F31")
def test_threads_other_loops_and_the_heartbeat_go_on(blocked, wait_until):
    worker, _ = blocked
    waiting = aecho.enqueue_many([[number] for number in range(10)])
    wait_until(lambda: handed_back(waiting).exists())
    results = [*echo.enqueue_many([["thread"]] * 20), *on_the_side.enqueue_many([["side"]] * 20)]
    assert [result.wait(20) for result in results] == ["thread"] * 20 + ["side"] * 20
    beat = Worker.objects.get().heartbeat_at
    wait_until(lambda: Worker.objects.get().heartbeat_at > beat)
    assert worker.worker._heart.silence < 2


def test_it_serves_again_when_it_answers(blocked, wait_until, monkeypatch):
    monkeypatch.setattr(handback, "SHORTEST", 0.2)
    result = aecho.enqueue("at last")
    wait_until(lambda: handed_back([result]).exists())
    blocked[1].touch()
    assert result.wait(20) == "at last"


def test_a_worker_that_stops_gives_back_what_waits_for_it(blocked, wait_until, monkeypatch):
    monkeypatch.setattr(coroutine, "BLOCKED_AFTER", 60.0)
    worker, _ = blocked
    result = aecho.enqueue(1)
    wait_until(lambda: TaskRun.objects.get(pk=result.id).state == "RUNNING")
    worker.switch.ask("the test asks")
    wait_until(lambda: TaskRun.objects.get(pk=result.id).state == "QUEUED")
    assert Transition.objects.filter(run__pk=result.id).latest("pk").reason == "the worker stops"

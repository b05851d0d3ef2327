"""A run that a person has paused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_tasks_fsm import context as room
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store import notes
from tests.context import sample
from tests.jobs.database import transactional_db
from tests.jobs.threads import StartWorker, start_worker
from tests.servers.waiting import wait_until
from tests.worker.claims import job

__all__ = ["start_worker", "transactional_db"]

BOTH = pytest.mark.parametrize("task", [sample.look_around, sample.alook_around])


@pytest.fixture
def resting(monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker) -> Iterator[Callable[[FSMTask], TaskRun]]:
    """Give ``resting(task)``: a run of it that a worker executes and that has begun to rest."""
    monkeypatch.setattr(room, "LOOK_EVERY", 0.01)
    sample.resting.clear()
    sample.enough.clear()

    def start(task: FSMTask) -> TaskRun:
        start_worker()
        run = task.enqueue().run
        wait_until(lambda: sample.resting, what="the function has begun")
        assert run.pause()
        wait_until(lambda: sample.resting[0].stopwatch.is_stopped, what="the run rests")
        return run

    yield start
    sample.enough.set()


@BOTH
def test_a_paused_run_rests_until_it_is_resumed(resting, task):
    run = resting(task)
    assert run.is_running
    assert run.resume()
    wait_until(lambda: not sample.resting[0].stopwatch.is_stopped, what="the run goes on")
    sample.enough.set()
    run.wait(20)
    assert run.is_done


@BOTH
def test_a_paused_run_can_be_cancelled(resting, task):
    run = resting(task)
    run.cancel()
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).is_cancelled, what="the run has ended")


def test_a_worker_that_stops_wakes_what_rests(resting):
    run = resting(sample.look_around)
    sample.resting[0].request_stop("the worker stops")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).is_cancelled, what="the run has ended")


def test_a_rest_of_many_looks_asks_again_each_time(monkeypatch):
    asked: Any = object()
    answers = [notes.Requests(None, asked)] * 3 + [notes.Requests(None, None)]
    context = job(sample.look_around).context
    monkeypatch.setattr(notes, "requests", lambda *args: answers.pop(0))
    monkeypatch.setattr(room, "LOOK_EVERY", 0.0)
    context.check()
    assert answers == []

"""The life of a service in one worker: four ways to write one, the same steps."""

from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.models import ServiceTicks, Task, TaskRun, Transition
from django_tasks_fsm.worker.lifecycle import job
from tests.jobs import trail as trails
from tests.jobs.services import (
    AsyncTicker,
    Ticker,
    aoverruns,
    aticker,
    blocks,
    breaks,
    overruns,
    thrice,
    ticker,
    untidy,
)
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("quick_options")
ALL = pytest.mark.parametrize("service", [ticker, aticker, Ticker, AsyncTicker], ids=lambda each: each.name)


@ALL
def test_a_stopped_worker_cleans_up_and_gives_the_run_back_to_the_next_one(service, begun, start_worker, trail):
    first = start_worker()
    run = begun(service, steps=3)
    assert first.stop() == 0
    steps = trails.read(trail)
    assert (steps[0], steps[1], steps[-1]) == ("setup 1", "tick", "cleanup")
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("QUEUED", 0)
    assert Transition.objects.get(run=run).event == "release"


@ALL
def test_a_cancelled_service_cleans_up_and_is_not_made_again(service, begun, start_worker, trail, wait_until):
    worker = start_worker()
    run = begun(service)
    assert run.cancel(reason="enough")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "CANCELLED")
    assert trails.read(trail)[-1] == "cleanup"
    assert trails.read(trail).count("cleanup") == 1
    assert worker.stop() == 0


@ALL
def test_messages_are_heard_in_order_between_ticks(service, begun, start_worker, trail, wait_until):
    start_worker()
    run = begun(service)
    for number in range(5):
        run.send("say", {"n": number})
    wait_until(lambda: run.messages.exclude(delivered_at=None).count() == 5)
    wait_until(lambda: len([step for step in trails.read(trail) if step.startswith("heard")]) == 5)
    heard = [step for step in trails.read(trail) if step.startswith("heard")]
    assert heard == [f"heard say {{'n': {number}}}" for number in range(5)]


def test_a_second_start_gives_the_run_that_lives(start_worker, begun, trail):
    start_worker()
    run = begun(ticker)
    task = Task.objects.get(name=ticker.module_path)
    assert str(ticker.enqueue(trail).id) == str(run.pk)
    assert task.start().pk == run.pk
    assert TaskRun.objects.filter(task=task).count() == 1


def test_a_generator_that_returns_is_done_with_its_value(start_worker, trail):
    start_worker()
    assert thrice.enqueue(trail).wait(30) == "thrice"
    assert trails.read(trail) == ["tick 0", "tick 1", "tick 2"]


def test_a_tick_that_raises_is_cleaned_up_and_set_up_anew(start_worker, trail, wait_until):
    start_worker()
    run = TaskRun.objects.get(pk=breaks.enqueue(trail).id)
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).is_final)
    run.refresh_from_db()
    assert (run.state, run.error) == ("FAILED", "builtins.ZeroDivisionError: the second tick")
    life = ["tick 1 of {0}", "tick 2 of {0}", "cleanup"]
    assert trails.read(trail) == [step.format(attempt) for attempt in (1, 2) for step in life]
    retry: Any = Transition.objects.get(run=run, event="retry")
    assert retry.detail["traceback"].count("File") == 1
    assert "in tick" in retry.detail["traceback"]


def test_a_service_that_was_well_for_long_counts_its_errors_anew(start_worker, trail, wait_until, monkeypatch):
    monkeypatch.setattr(job, "HEALTHY_AFTER", 0.0)
    start_worker()
    run = TaskRun.objects.get(pk=breaks.enqueue(trail).id)
    wait_until(lambda: trails.read(trail).count("cleanup") > 3)
    assert not TaskRun.objects.get(pk=run.pk).is_final
    assert run.cancel()


def test_a_blocked_service_delays_nobody(start_worker, trail, gate, wait_until):
    start_worker(concurrency=1)
    blocks.enqueue(trail, gate)
    wait_until(lambda: trails.read(trail) == ["blocked"])
    noop.enqueue().wait(30)
    other = ticker.enqueue(trail)
    wait_until(lambda: "tick" in trails.read(trail))
    assert TaskRun.objects.get(pk=other.id).state == "RUNNING"


def test_a_service_that_does_not_stop_is_given_back_after_the_grace(start_worker, trail, gate, wait_until):
    worker = start_worker(grace=0.5)
    run = TaskRun.objects.get(pk=blocks.enqueue(trail, gate).id)
    wait_until(lambda: trails.read(trail) == ["blocked"])
    assert worker.stop() == 0
    run.refresh_from_db()
    assert run.state == "QUEUED"
    assert Transition.objects.get(run=run).reason == "the worker stopped before it ended"


def test_ticks_are_counted_without_a_row_for_each(start_worker, begun, wait_until):
    worker = start_worker()
    run = begun(ticker, steps=6)
    worker.stop()
    told: Any = ServiceTicks.objects.get(pk=run.pk)
    assert told.ticks >= 5
    assert told.last_tick_at < told.next_tick_at
    assert TaskRun.objects.count() == 1


def test_the_next_holder_goes_on_counting(start_worker, begun, trail, wait_until):
    first = start_worker()
    run = begun(ticker, steps=4)
    first.stop()
    before: Any = ServiceTicks.objects.get(pk=run.pk)
    start_worker()
    wait_until(lambda: trails.read(trail).count("setup 1") == 2 and trails.read(trail)[-1] == "tick")
    wait_until(lambda: ServiceTicks.objects.get(pk=run.pk).ticks > before.ticks)
    after: Any = ServiceTicks.objects.get(pk=run.pk)
    assert after.last_slot > before.last_slot


def test_a_paused_task_does_not_tick_and_goes_on_when_it_is_resumed(start_worker, begun, trail, wait_until):
    start_worker()
    run = begun(ticker)
    assert run.task.pause()
    seen: list[int] = []

    def is_still() -> bool:
        seen.append(len(trails.read(trail)))
        return seen[-10:] == [seen[-1]] * 10

    wait_until(is_still)
    assert TaskRun.objects.get(pk=run.pk).state == "RUNNING"
    assert "cleanup" not in trails.read(trail)
    assert run.task.resume()
    wait_until(lambda: len(trails.read(trail)) > seen[-1] + 2)
    assert trails.read(trail).count("setup 1") == 1


@pytest.mark.parametrize("service", [overruns, aoverruns], ids=lambda each: each.name)
def test_a_timeout_bounds_each_tick_and_not_the_life(service, start_worker, trail, wait_until):
    start_worker()
    run = TaskRun.objects.get(pk=service.enqueue(trail).id)
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).is_final)
    run.refresh_from_db()
    assert run.state == "FAILED"
    assert "took longer than its timeout of 0.2 s" in run.error
    assert trails.read(trail) == ["tick 1", "tick 2", "tick 3", "cleanup"]


def test_a_cleanup_that_fails_is_told_beside_the_reason(begun, start_worker):
    worker = start_worker()
    run = begun(untidy)
    assert worker.stop() == 0
    release = Transition.objects.get(run=run)
    assert release.reason == "the worker stops; its cleanup failed: OSError: the door is stuck"

"""Services start by themselves: one run for each ACTIVE task, made anew unless somebody stopped it."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from django_tasks_fsm import registry, service
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.lifecycle import service_key
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.transitions import Change
from django_tasks_fsm.store import services
from django_tasks_fsm.store.sync import sync
from tests.jobs import trail as trails
from tests.jobs.services import AsyncTicker, Ticker, aticker, ticker

TRAIL: list[str] = []


def beats(context):
    """Note that it lives."""
    while True:
        yield
        TRAIL.append("beat")


@pytest.fixture
def beating(monkeypatch, transactional_db):
    """Give the row of a service that starts by itself."""
    monkeypatch.setattr(registry, "_functions", {})
    TRAIL.clear()
    declared = service(every=0.05)(beats)
    assert isinstance(declared, FSMTask)
    sync("default", only_new=True)
    return Task.objects.get(name=declared.module_path)


def end(run: TaskRun, event: str) -> None:
    """End a run as somebody would."""
    with transaction.atomic():
        move_runs([run.pk], Change(event, Actor.system()), "default")


def test_its_row_ticks_by_what_is_declared_and_never_fires(beating):
    assert beating.trigger == {"version": 1, "kind": "interval", "every": 0.05}
    assert beating.next_run_at is None
    (gate,) = [gate for gate in beating.explain().gates if gate.name == "next"]
    assert gate.ok
    assert str(gate.fact.text).startswith("It is a service")


def test_one_run_is_made_whoever_looks(beating):
    together = threading.Barrier(4)
    made = []

    def look() -> None:
        together.wait()
        made.append(services.ensure("default"))
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 0, 0, 1]
    assert TaskRun.objects.get().key == service_key(beating.name)


@pytest.mark.parametrize("event", ["cancel", "abort", "skip"])
def test_a_run_that_somebody_ended_is_not_followed_by_another(beating, event):
    assert services.ensure("default") == 1
    end(TaskRun.objects.get(), event)
    assert services.ensure("default") == 0
    assert beating.start().state == "QUEUED"


@pytest.mark.by_hand
@pytest.mark.parametrize("state", [RunState.DONE, RunState.FAILED])
def test_a_run_that_ended_by_itself_is_followed_after_a_while(beating, state):
    now = for_alias("default").now()
    run = TaskRun(task=beating, given_key=service_key(beating.name), state=state.value, finished_at=now)
    run.save(force_insert=True)
    assert services.ensure("default") == 0
    TaskRun.objects.filter(pk=run.pk).update(finished_at=now - services.RESTART_AFTER[state])
    assert services.ensure("default") == 1


def test_a_paused_task_gets_no_run(beating):
    beating.pause()
    assert services.ensure("default") == 0
    beating.resume()
    assert services.ensure("default") == 1


def test_a_retired_service_ends_and_comes_back_when_it_is_restored(beating, start_worker, quick_options, wait_until):
    start_worker()
    wait_until(lambda: TRAIL)
    tasks = Task.objects.filter(pk=beating.pk)
    tasks.retire()
    wait_until(lambda: TaskRun.objects.get().state == "CANCELLED")
    tasks.restore()
    wait_until(lambda: TaskRun.objects.filter(state="RUNNING").exists())


def test_a_burst_makes_no_run_of_a_service(beating, start_worker, quick_options):
    assert start_worker(burst=True).wait() == 0
    assert not TaskRun.objects.exists()


def test_a_burst_gives_a_service_back_when_all_else_is_done(beating, start_worker, quick_options):
    services.ensure("default")
    assert start_worker(burst=True).wait() == 0
    assert TaskRun.objects.get().state == "QUEUED"


def test_a_time_that_a_person_sets_starts_it(beating, start_worker, quick_options, wait_until):
    services.ensure("default")
    TaskRun.objects.get().cancel()
    beating.reschedule(beating.created_at)
    start_worker()
    wait_until(lambda: TaskRun.objects.filter(state="RUNNING").exists())
    beating.refresh_from_db()
    assert beating.next_run_at is None


def test_another_schedule_makes_it_tick_otherwise_and_fires_nothing(beating):
    beating.reschedule("interval", hours=1)
    beating.refresh_from_db()
    assert beating.trigger["every"] == 3600
    assert beating.next_run_at is None


def test_an_edited_schedule_is_followed_by_the_holder(beating, start_worker, quick_options, wait_until):
    Task.objects.filter(pk=beating.pk).update(trigger={"version": 1, "kind": "interval", "every": 3600})
    start_worker()
    wait_until(lambda: TaskRun.objects.filter(state="RUNNING").exists())
    Task.objects.filter(pk=beating.pk).update(trigger={"version": 1, "kind": "interval", "every": 0.05})
    wait_until(lambda: len(TRAIL) > 3)


@pytest.mark.django_db
@pytest.mark.parametrize("declared", [ticker, aticker, Ticker, AsyncTicker], ids=lambda each: each.name)
def test_inside_a_test_a_service_lives_for_one_tick(declared, trail):
    run = TaskRun.objects.get(pk=declared.enqueue(trail).id)
    call_command("runworker", "--burst")
    run.refresh_from_db()
    assert run.state == "DONE"
    assert trails.read(trail) == ["setup 1", "tick", "cleanup"]

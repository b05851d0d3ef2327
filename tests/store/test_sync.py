from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm import registry
from django_tasks_fsm.core.triggers import Trigger, at, cron, dump, every
from django_tasks_fsm.models import Queue, Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.sync import sync, write
from tests.store.faults import failing, transient
from tests.store.rows import DB, a_run

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOW = timezone.now()


class Function:
    """What the registry holds, as far as the sync looks."""

    queue_name, priority, max_attempts, timeout, on_lost, cancel_on_exception = "mail", 7, 3, 60.0, "fail", True


Declare = Callable[..., None]


@pytest.fixture
def code(monkeypatch) -> Declare:
    """Empty the registry, and give ``code(name=trigger, ...)``: what is declared from now on."""
    monkeypatch.setattr(registry, "_functions", {"app.tasks.work": Function()})
    monkeypatch.setattr(registry, "_schedules", {})
    Task.objects.all().delete()

    def declare(policies: dict[str, Any] | None = None, **triggers: Trigger) -> None:
        schedules = {
            name: Declaration(name, "app.tasks.work", dump(trigger), policies=policies or {})
            for name, trigger in triggers.items()
        }
        monkeypatch.setattr(registry, "_schedules", schedules)

    return declare


def row(name: str) -> Any:
    return Task.objects.get(name=name)


def test_a_function_gets_a_row_with_its_policies(code):
    sync(DB)
    task = row("app.tasks.work")
    assert (task.function, task.origin, task.state, task.next_run_at) == ("app.tasks.work", "code", "ACTIVE", None)
    assert (task.queue, task.priority, task.max_attempts, task.timeout) == ("mail", 7, 3, 60.0)
    assert (task.on_lost, task.cancel_on_exception, task.trigger) == ("fail", True, {"version": 1, "kind": "manual"})


def test_the_declared_queues_get_rows(code, settings):
    Queue.objects.all().delete()
    settings.TASKS = {"default": {"BACKEND": "django_tasks_fsm.backend.FSMBackend", "QUEUES": ["mail", "slow"]}}
    sync(DB)
    assert set(Queue.objects.values_list("name", flat=True)) == {"mail", "slow"}


def test_a_schedule_gets_a_row_and_its_first_time(code):
    code(nightly=cron("0 3 * * *"), policies={"queue": "q", "catch_up": "all"})
    sync(DB)
    task = row("nightly")
    assert (task.function, task.origin, task.queue, task.catch_up) == ("app.tasks.work", "code", "q", "all")
    assert task.next_run_at > timezone.now()
    assert (task.next_run_at.hour, task.next_run_at.minute) == (3, 0)


@pytest.mark.parametrize(
    "trigger",
    [
        every(HOUR),
        every(0.5, start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC)),
        cron("0 9 * * MON-FRI", "Europe/Berlin"),
        at(NOW + HOUR),
    ],
)
def test_a_sync_at_every_deploy_does_not_move_the_next_time(code, trigger):
    code(t=trigger)
    sync(DB)
    slot = timezone.now() - timedelta(minutes=1)
    Task.objects.filter(name="t").update(next_run_at=slot)
    before = list(Task.objects.order_by("pk").values_list())
    sync(DB)
    assert list(Task.objects.order_by("pk").values_list()) == before
    assert row("t").next_run_at == slot


def test_a_schedule_that_bears_the_name_of_its_function_is_one_row(code):
    code(**{"app.tasks.work": every(HOUR)})
    sync(DB)
    slot = row("app.tasks.work").next_run_at
    sync(DB)
    assert Task.objects.count() == 1
    assert row("app.tasks.work").next_run_at == slot


def test_another_trigger_in_code_sets_another_time(code):
    code(t=every(HOUR))
    sync(DB)
    code(t=cron("0 0 1 1 *"))
    sync(DB)
    task = row("t")
    assert (task.next_run_at.month, task.next_run_at.day, task.next_run_at.hour) == (1, 1, 0)


def test_what_a_person_changed_wins_field_by_field(code):
    code(t=every(HOUR), policies={"queue": "a", "priority": 1})
    sync(DB)
    Task.objects.filter(name="t").update(queue="mine", overrides=["queue"])
    code(t=every(HOUR), policies={"queue": "b", "priority": 2})
    sync(DB)
    assert (row("t").queue, row("t").priority) == ("mine", 2)


def test_a_trigger_that_a_person_changed_keeps_its_time(code):
    code(t=every(HOUR))
    sync(DB)
    mine, slot = dump(cron("0 0 1 1 *")), NOW + timedelta(days=9)
    Task.objects.filter(name="t").update(trigger=mine, overrides=["trigger"], next_run_at=slot)
    code(t=every(2 * HOUR))
    sync(DB)
    assert (row("t").trigger, row("t").next_run_at) == (mine, slot)


def test_a_schedule_that_is_gone_from_code_is_retired_with_its_runs_kept(code):
    code(t=every(HOUR))
    sync(DB)
    run = a_run("DONE", task=row("t"))
    code()
    sync(DB)
    task = row("t")
    assert task.state == "RETIRED"
    assert Transition.objects.get(task=task).reason == "no longer declared in code"
    assert list(TaskRun.objects.filter(task=task)) == [run]
    Task.objects.filter(pk=task.pk).update(next_run_at=NOW - HOUR)
    assert fire(DB) == 0


def test_a_schedule_that_comes_back_fires_from_now_on(code):
    code(t=every(HOUR))
    sync(DB)
    code()
    sync(DB)
    Task.objects.filter(name="t").update(next_run_at=NOW - timedelta(days=30))
    code(t=every(HOUR))
    sync(DB)
    assert row("t").state == "ACTIVE"
    assert row("t").next_run_at > timezone.now()


def test_a_task_that_a_person_put_away_stays_away(code):
    code(t=every(HOUR))
    sync(DB)
    Task.objects.filter(name="t").retire(actor=Actor("user:ada"))
    sync(DB)
    assert row("t").state == "RETIRED"


def test_a_task_that_a_person_paused_stays_paused(code):
    code(t=every(HOUR))
    sync(DB)
    row("t").pause()
    code(t=every(2 * HOUR))
    sync(DB)
    assert row("t").state == "PAUSED"
    assert fire(DB) == 0


def test_an_exhausted_task_fires_again_when_code_gives_it_another_time(code):
    code(t=at(NOW - HOUR))
    sync(DB)
    assert fire(DB) == 1
    assert row("t").state == "EXHAUSTED"
    sync(DB)
    assert row("t").state == "EXHAUSTED"
    code(t=at(NOW - timedelta(minutes=1)))
    sync(DB)
    assert row("t").state == "ACTIVE"
    assert fire(DB) == 1
    assert TaskRun.objects.filter(task=row("t")).count() == 2


@pytest.mark.fault("F70")
def test_a_function_that_cannot_be_imported_today_is_not_put_away(code, monkeypatch):
    code(t=every(HOUR))
    sync(DB)
    monkeypatch.setattr(registry, "_functions", {})
    code()
    sync(DB)
    assert set(Task.objects.values_list("state", flat=True)) == {"ACTIVE"}


def test_tasks_that_people_made_are_left_alone(code):
    task = Task.objects.create(name="mine", function="app.tasks.work", trigger=dump(every(HOUR)), next_run_at=NOW)
    before = Task.objects.filter(pk=task.pk).values().get()
    sync(DB)
    assert Task.objects.filter(pk=task.pk).values().get() == before


def test_a_task_that_a_person_made_under_a_declared_name_is_theirs(code, caplog):
    mine = {"function": "app.tasks.other", "queue": "mine", "state": "RETIRED", "trigger": dump(cron("0 0 1 1 *"))}
    tasks = [Task.objects.create(name=name, **mine) for name in ("nightly", "app.tasks.work")]
    before = list(Task.objects.order_by("pk").values())
    code(nightly=every(HOUR), policies={"queue": "q"})
    sync(DB)
    sync(DB, only_new=True)
    assert list(Task.objects.order_by("pk").values()) == before
    assert [record.args for record in caplog.records] == [("app.tasks.work",), ("nightly",)]
    assert not Transition.objects.filter(task__in=tasks).exists()


def test_a_name_is_declared_again_when_the_persons_task_has_gone(code):
    Task.objects.create(name="t", function="app.tasks.other")
    code(t=every(HOUR))
    sync(DB)
    Task.objects.filter(name="t").delete()
    sync(DB)
    assert (row("t").origin, row("t").function) == ("code", "app.tasks.work")


def test_the_first_time_is_counted_by_the_clock_of_the_database(code, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=9))
    code(t=every(HOUR))
    sync(DB)
    assert row("t").next_run_at < NOW + 2 * HOUR


def test_a_schedule_made_at_run_time_is_not_put_away_by_the_next_sync(code):
    task = write(Declaration("t", "app.tasks.work", dump(every(HOUR))))
    sync(DB)
    assert (row("t").state, row("t").next_run_at) == ("ACTIVE", task.next_run_at)


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_loses_a_race_is_repeated_whole(code):
    code(t=every(HOUR))
    errors: list[BaseException] = [transient()]
    with failing(errors, ("INSERT", "task")):
        sync(DB)
    assert (errors, Task.objects.count()) == ([], 2)


def test_a_sync_with_nothing_to_do_writes_nothing(code, django_assert_max_num_queries):
    code(a=every(HOUR), b=cron("0 3 * * *"))
    sync(DB)
    with django_assert_max_num_queries(16) as asked:
        sync(DB)
    assert [query["sql"] for query in asked if query["sql"].startswith(("UPDATE", "INSERT"))] == []


def test_a_start_makes_what_is_missing_and_changes_nothing_else(code):
    code(nightly=cron("30 2 * * *"))
    sync(DB)
    code(nightly=cron("0 4 * * *"), fresh=every(HOUR))
    sync(DB, only_new=True)
    assert row("nightly").trigger == dump(cron("30 2 * * *"))
    assert row("fresh").state == "ACTIVE"
    code()
    sync(DB, only_new=True)
    assert row("nightly").state == "ACTIVE"


def test_a_row_that_another_process_has_just_made_is_taken(code, monkeypatch):
    code(nightly=cron("30 2 * * *"))
    sync(DB)
    monkeypatch.setattr(Task.objects.all().__class__, "first", lambda self: None)
    assert write(registry.declarations()["nightly"]).pk == row("nightly").pk
    assert Task.objects.filter(name="nightly").count() == 1


def test_a_schedule_made_at_run_time_is_not_put_away(code):
    code(nightly=cron("30 2 * * *"))
    made = write(registry.declarations()["nightly"])
    code()
    sync(DB)
    assert row("nightly").state == made.state == "ACTIVE"

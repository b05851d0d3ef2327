"""Another trigger for tasks, in all the words in which it may be said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers import Cron, Manual, WorkerStart, at, cron, dump, every
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task, Transition
from django_tasks_fsm.models.actor import Actor
from tests.store.rows import a_task

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
PERSON = Actor("user:ada")
FIVE_PAST_TEN = dump(cron("5 10 * * *"))


@pytest.fixture
def task() -> Task:
    return a_task("my-task", trigger=dump(every(HOUR)), next_run_at=LATER)


def row(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


@pytest.mark.parametrize(
    "say",
    [
        lambda task: task.reschedule("cron", hour=10, minute=5),
        lambda task: task.reschedule(trigger="cron", hour=10, minute=5),
        lambda task: task.reschedule("my-task", trigger="cron", hour=10, minute=5),
        lambda task: task.reschedule(cron="5 10 * * *"),
        lambda task: task.reschedule(trigger=cron("5 10 * * *")),
        lambda task: task.reschedule(cron("5 10 * * *")),
        lambda task: Task.objects.reschedule("my-task", trigger="cron", hour=10, minute=5),
        lambda task: Task.objects.reschedule("my-task", "cron", hour=10, minute=5),
        lambda task: Task.objects.reschedule(task, cron="5 10 * * *"),
        lambda task: Task.objects.filter(name="my-task").reschedule(trigger="cron", hour=10, minute=5),
    ],
)
def test_one_schedule_may_be_said_in_many_ways(task: Task, say: Callable[[Task], Any]) -> None:
    other = a_task("another", trigger=dump(every(HOUR)), next_run_at=LATER)
    say(task)
    changed = row(task)
    assert changed.trigger == FIVE_PAST_TEN
    assert changed.next_run_at is not None
    assert (changed.next_run_at.hour, changed.next_run_at.minute, changed.next_run_at.second) == (10, 5, 0)
    assert (row(other).trigger, row(other).next_run_at) == (dump(every(HOUR)), LATER)


def test_an_instance_shows_what_it_was_given(task: Task) -> None:
    task.description = "not saved yet"
    assert task.reschedule("interval", seconds=30)
    assert (task.trigger, task.description) == (dump(every(30)), "not saved yet")
    assert task.next_run_at == row(task).next_run_at != LATER


def test_it_is_counted_from_now_by_the_clock_of_the_database(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(days=9))
    task.reschedule(every=60)
    after = row(task).next_run_at
    assert after is not None
    assert real() < after < real() + timedelta(seconds=61)


def test_a_time_alone_moves_the_next_one_and_leaves_the_trigger(task: Task) -> None:
    for verb in (task.run_at, task.reschedule, lambda when: Task.objects.reschedule("my-task", when)):
        at = LATER + timedelta(minutes=len(Transition.objects.all()))
        verb(at)
        assert (row(task).next_run_at, row(task).trigger) == (at, dump(every(HOUR)))


def test_at_is_a_schedule_of_one_time_as_in_schedule(task: Task) -> None:
    task.reschedule(at=LATER + HOUR)
    assert (row(task).trigger, row(task).next_run_at) == (dump(at(LATER + HOUR)), LATER + HOUR)


def test_the_history_keeps_who_why_and_both_triggers(task: Task) -> None:
    task.reschedule(cron="5 10 * * *", actor=PERSON, reason="the office moves")
    line = Transition.objects.get(task=task)
    assert (line.event, line.from_state, line.to_state) == ("reschedule", "ACTIVE", "ACTIVE")
    assert (line.actor, line.reason) == ("user:ada", "the office moves")
    assert line.detail == {"trigger": FIVE_PAST_TEN, "was": dump(every(HOUR))}


@pytest.mark.parametrize(("origin", "overrides"), [("code", ["queue", "trigger"]), ("database", ["queue"])])
def test_what_code_declares_is_marked_as_changed(task: Task, origin: str, overrides: list[str]) -> None:
    Task.objects.filter(pk=task.pk).update(origin=origin, overrides=["queue"])
    task.reschedule(every=60)
    assert row(task).overrides == overrides


@pytest.mark.parametrize("state", TaskState)
def test_only_active_and_exhausted_tasks_take_another_trigger(state: TaskState) -> None:
    task = a_task(state=state.value, trigger=dump(every(HOUR)), fired=3)
    taken = state in (TaskState.ACTIVE, TaskState.EXHAUSTED)
    assert task.reschedule(every=60) is taken
    assert row(task).state == task.state == ("ACTIVE" if taken else state)
    assert (row(task).trigger, row(task).fired) == ((dump(every(60)), 0) if taken else (dump(every(HOUR)), 3))
    report = Task.objects.filter(pk=task.pk).reschedule(every=90)
    assert report.refused == (() if taken else ((state.value, 1),))


@pytest.mark.parametrize(
    "said",
    [
        (("cron",), {"hour": 25}),
        (("moon",), {}),
        ((), {}),
        ((), {"cron": "61 * * * *"}),
        ((), {"every": 0}),
        ((), {"every": 5, "cron": "* * * * *"}),
        ((), {"every": 5, "policy": "skip"}),
        ((), {"every": 5, "colour": "red"}),
        ((), {"trigger": 5}),
        (("cron", "interval"), {}),
        (("another task",), {"trigger": "cron", "hour": 1}),
        ((), {"cron": "* * * * *", "end": timezone.now() - HOUR}),
    ],
)
def test_a_bad_trigger_is_refused_and_nothing_changes(task: Task, said: tuple[Any, Any]) -> None:
    before = Task.objects.filter(pk=task.pk).values().get()
    with pytest.raises(InvalidTrigger):
        task.reschedule(*said[0], **said[1])
    assert Task.objects.filter(pk=task.pk).values().get() == before
    assert not Transition.objects.exists()


def test_a_bad_trigger_is_told_where_there_is_nothing_to_change() -> None:
    with pytest.raises(InvalidTrigger):
        Task.objects.none().reschedule(every=0)


def test_of_several_tasks_none_is_changed_where_one_cannot_be(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    a_task("zz", trigger=dump(every(HOUR)))
    found = iter([LATER, None])
    monkeypatch.setattr(Cron, "next_after", lambda *asked: next(found))
    with pytest.raises(InvalidTrigger, match="Task 'zz' would never fire"):
        Task.objects.filter(name__in=["my-task", "zz"]).reschedule(cron="5 10 * * *")
    assert row(task).trigger == dump(every(HOUR))


@pytest.mark.parametrize("trigger", [Manual(), WorkerStart()])
def test_a_trigger_without_times_is_taken_and_sets_none(task: Task, trigger: Any) -> None:
    task.reschedule(trigger=trigger)
    assert (row(task).next_run_at, row(task).state) == (None, "ACTIVE")


def test_an_unknown_name_is_told_with_the_nearest(task: Task) -> None:
    with pytest.raises(Task.DoesNotExist, match=r"There is no task 'my-tsk'\. Did you mean 'my-task'\?"):
        Task.objects.reschedule("my-tsk", trigger="cron", hour=10)


def test_each_task_has_its_own_h(task: Task) -> None:
    a_task("another", trigger=dump(every(HOUR)))
    Task.objects.filter(name__in=["my-task", "another"]).reschedule(cron="H H * * *")
    assert {one.trigger["seed"] for one in Task.objects.filter(name__in=["my-task", "another"])} == {
        "my-task",
        "another",
    }


def test_a_project_without_time_zones_says_local_times() -> None:
    with override_settings(USE_TZ=False, TIME_ZONE="Asia/Tokyo"):
        task = a_task(trigger=dump(every(HOUR)))
        local = timezone.now().replace(microsecond=0) + HOUR
        task.reschedule("once", run_at=local)
        assert row(task).next_run_at == local

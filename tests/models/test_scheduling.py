"""Pauses of tasks: until when, for which group, and what becomes of the times in between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import dump, every
from django_tasks_fsm.exceptions import UnknownGroup
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.store.fire import fire
from tests.store.rows import DB, a_task

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def only_mine(db: None) -> None:
    Task.objects.update(next_run_at=None)


def paused(catch_up: str = "latest") -> Task:
    """Return a task whose last four slots, a pause long, nobody has fired."""
    task = a_task(trigger=dump(every(HOUR)), next_run_at=NOW - 4 * HOUR + HOUR / 2, catch_up=catch_up)
    task.pause()
    return task


def test_a_group_is_paused_and_resumed_and_the_others_go_on() -> None:
    mine = [a_task(name, group="reports") for name in ("a", "b")]
    other = a_task("c", group="mail")
    until = NOW + HOUR
    report = Task.objects.group("reports").pause(until=until, actor=Actor("user:ada"), reason="audit")
    assert len(report.moved) == 2
    assert (
        list(Task.objects.filter(pk__in=[each.pk for each in mine]).values_list("state", "paused_until"))
        == [("PAUSED", until)] * 2
    )
    assert Task.objects.get(pk=other.pk).state == "ACTIVE"
    assert Transition.objects.filter(event="pause", actor="user:ada", reason="audit").count() == 2
    assert len(Task.objects.group("reports").resume().moved) == 2


@pytest.mark.parametrize("name", ["report", ""])
def test_an_unknown_group_is_told_with_those_that_there_are(name: str) -> None:
    a_task("a", group="reports")
    a_task("b", group="mail")
    with pytest.raises(
        UnknownGroup, match=rf"No task is in the group '{name}'. Groups that have tasks: 'mail', 'reports'"
    ):
        Task.objects.group(name)


def test_a_resumed_task_loses_the_slots_of_its_pause() -> None:
    task = paused()
    assert task.resume()
    assert task.next_run_at is not None
    assert task.next_run_at > NOW
    assert (fire(DB), TaskRun.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("policy", "made"), [("latest", [("QUEUED", 4)]), ("all", [("QUEUED", 1)] * 4), ("none", [("SKIPPED", 4)])]
)
def test_a_resumed_task_makes_up_for_its_pause_as_its_policy_says(policy: str, made: list[tuple[str, int]]) -> None:
    task = paused(policy)
    assert task.resume(catch_up=True)
    fire(DB)
    assert list(TaskRun.objects.filter(task=task).values_list("state", "stands_for")) == made


def test_resuming_ends_what_was_said_about_the_end_of_the_pause() -> None:
    task = a_task(trigger=dump(every(HOUR)))
    task.pause(until=NOW + HOUR)
    assert task.paused_until == NOW + HOUR
    task.resume()
    assert task.paused_until is None
    task.pause()
    assert Task.objects.get(pk=task.pk).paused_until is None


def test_a_task_without_a_time_is_given_one_by_resuming() -> None:
    task = a_task(trigger=dump(every(HOUR)), state="PAUSED")
    task.resume(catch_up=True)
    assert task.next_run_at is not None


def test_moving_the_time_of_an_active_task_keeps_the_count_and_reviving_one_begins_anew() -> None:
    task = a_task(trigger=dump(every(HOUR)), fired=2, max_runs=3)
    task.run_at(NOW + HOUR)
    assert task.fired == 2
    Task.objects.filter(pk=task.pk).retire()
    Task.objects.filter(pk=task.pk).restore()
    assert Task.objects.get(pk=task.pk).fired == 0

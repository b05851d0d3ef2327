"""Pauses that end by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import cron, dump, every
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.pauses import end_pauses
from django_tasks_fsm.store.peek import peek
from tests.store.rows import DB, a_task
from tests.store.threads import Session, at_once, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
NOW = timezone.now().replace(microsecond=0)


@pytest.fixture(autouse=True)
def only_mine(db: None) -> None:
    Task.objects.update(next_run_at=None)


def paused(until: timedelta, **values: Any) -> Task:
    values = {"trigger": dump(every(HOUR)), "next_run_at": NOW - HOUR, **values}
    return a_task(state="PAUSED", paused_until=NOW + until, **values)


def test_a_pause_that_is_over_is_ended_by_the_system() -> None:
    task = paused(-timedelta(minutes=1))
    assert end_pauses(DB) == 1
    task.refresh_from_db()
    assert (task.state, task.paused_until) == ("ACTIVE", None)
    assert task.next_run_at == NOW - timedelta(minutes=1) + HOUR
    line = Transition.objects.get(task=task)
    assert (line.event, line.actor, line.reason) == ("resume", "system", "its pause has ended")


def test_a_pause_that_lasts_and_one_without_end_are_left_alone() -> None:
    paused(HOUR)
    a_task("b", state="PAUSED")
    assert end_pauses(DB) == 0
    assert not Transition.objects.exists()


def test_what_has_passed_since_the_end_was_missed_and_what_passed_before_is_lost() -> None:
    slot = (NOW - 2 * HOUR).replace(minute=0, second=0)
    task = paused(slot - NOW, trigger=dump(cron("0 * * * *")), next_run_at=slot - 5 * HOUR, catch_up="all")
    end_pauses(DB)
    task.refresh_from_db()
    assert task.next_run_at == slot
    fire(DB)
    first = TaskRun.objects.filter(task=task).order_by("scheduled_for").first()
    assert first is not None
    assert first.scheduled_for == slot
    assert TaskRun.objects.filter(task=task).count() in (3, 4)


def test_a_worker_is_told_when_the_next_pause_ends() -> None:
    assert peek(("*",), (), DB).fires_in is None
    paused(timedelta(minutes=10))
    seen = peek(("*",), (), DB).fires_in
    assert seen is not None
    assert 0 < seen <= 600
    a_task("b", next_run_at=NOW - HOUR)
    seen = peek(("*",), (), DB).fires_in
    assert seen is not None
    assert seen < 0


@committing
def test_of_four_who_look_at_once_one_ends_the_pause() -> None:
    task = paused(-HOUR)
    assert sum(at_once(*[lambda: end_pauses(DB)] * 4)) == 1
    assert Transition.objects.filter(task=task, event="resume").count() == 1


@committing
def test_a_pause_that_somebody_has_begun_anew_lasts(other: Session) -> None:
    task = paused(-HOUR)

    def again() -> None:
        task.resume()
        task.pause(until=NOW + HOUR)

    other.do(again)
    assert meanwhile(other, lambda: end_pauses(DB)) == 0
    assert Task.objects.get(pk=task.pk).state == "PAUSED"

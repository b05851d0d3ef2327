"""A delay after the end of the last run: never two at once, and counted from the end to the microsecond."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import dump, every
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.fire import fire
from tests.store.rows import DB, a_run, claimed, done, failed
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def only_mine(db: None) -> None:
    Task.objects.update(next_run_at=None)


def a_service(**values: Any) -> Task:
    """Make a task that is due now, a minute after the end of its last run."""
    own = {"trigger": dump(every(MINUTE, from_end=True)), "next_run_at": timezone.now() - MINUTE / 2}
    return Task.objects.create(**{"name": "service", "function": "f", **own, **values})


def come_due(task: Task) -> None:
    """Let the time that is set come."""
    Task.objects.filter(pk=task.pk).update(next_run_at=timezone.now() - timedelta(seconds=1))


def next_of(task: Task) -> datetime:
    found = Task.objects.values_list("next_run_at", flat=True).get(pk=task.pk)
    assert found is not None
    return found


def test_while_a_run_lives_no_other_is_made_and_it_is_looked_at_again():
    task = a_service()
    assert fire(DB) == 1
    run = TaskRun.objects.get(task=task)
    claimed(run)
    for _ in range(3):
        come_due(task)
        assert fire(DB) == 0
        assert next_of(task) > timezone.now() + MINUTE / 2
    assert TaskRun.objects.filter(task=task).count() == 1


@pytest.mark.parametrize("end", [done, failed])
def test_the_next_time_counts_from_the_end_however_the_run_ended(end):
    task = a_service()
    fire(DB)
    run = TaskRun.objects.get(task=task)
    end(run)
    come_due(task)
    assert fire(DB) == 0
    run.refresh_from_db()
    assert run.finished_at is not None
    assert next_of(task) == run.finished_at + MINUTE


def test_when_the_delay_is_over_it_fires():
    task = a_service()
    a_run("DONE", task=task, scheduled_for=timezone.now() - 5 * MINUTE, finished_at=timezone.now() - 2 * MINUTE)
    assert fire(DB) == 1
    assert TaskRun.objects.filter(task=task).count() == 2


def test_a_person_need_not_wait_for_the_delay_but_for_the_run():
    task = a_service()
    fire(DB)
    run = TaskRun.objects.get(task=task)
    task.reschedule(timezone.now() - timedelta(seconds=1))
    assert fire(DB) == 0
    done(run)
    task.reschedule(timezone.now() - timedelta(seconds=1))
    assert fire(DB) == 1


def test_a_delay_that_is_over_after_the_last_time_is_the_end():
    trigger = dump(every(MINUTE, from_end=True, end=timezone.now() + MINUTE / 2))
    task = a_service(trigger=trigger)
    a_run("RUNNING", task=task, scheduled_for=timezone.now() - MINUTE)
    assert fire(DB) == 0
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == ("EXHAUSTED", None)


def test_a_run_that_somebody_else_made_is_not_waited_for():
    task = a_service()
    a_run("RUNNING", task=task)
    assert fire(DB) == 1


def test_a_long_outage_makes_one_run():
    task = a_service(next_run_at=timezone.now() - 5000 * MINUTE, catch_up="all")
    assert fire(DB) == 1
    assert list(TaskRun.objects.filter(task=task).values_list("stands_for", flat=True)) == [1]


@committing
def test_of_four_who_fire_at_once_one_makes_the_run():
    task = a_service()
    assert sum(at_once(*[lambda: fire(DB)] * 4)) == 1
    assert TaskRun.objects.filter(task=task).count() == 1

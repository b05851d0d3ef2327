"""Tasks that are made as Django makes rows: they fire like those that the admin makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from django_tasks_fsm.core.triggers import Trigger, WorkerStart, at, cron, dump, every
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task
from tests.backend import sample

pytestmark = pytest.mark.django_db

FUNCTION = sample.echo.module_path
HOUR = timedelta(hours=1)
LATER = (timezone.now() + timedelta(days=1)).replace(microsecond=0)


def made(trigger: Any, **values: Any) -> Task:
    return Task.objects.create(name="made", function=FUNCTION, trigger=trigger, **values)


@pytest.mark.parametrize("write", [dump, lambda trigger: trigger], ids=["as JSON", "as it is"])
def test_a_task_that_is_created_with_a_trigger_fires(write: Callable[[Trigger], Any]) -> None:
    task = made(write(at(timezone.now() - HOUR)), args=[5])
    call_command("runworker", burst=True, verbosity=0)
    (run,) = task.runs.all()
    assert (run.state, run.result) == ("DONE", {"args": [5], "kwargs": {}})


def test_its_first_time_goes_by_the_clock_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now() + timedelta(days=300)
    monkeypatch.setattr(type(for_alias("default")), "now", lambda self: now)
    task = made(every(HOUR, start=now))
    task.refresh_from_db()
    assert task.next_run_at is not None
    assert now <= task.next_run_at <= now + HOUR


def test_a_time_that_is_given_stays() -> None:
    assert made(dump(cron("0 3 * * *")), next_run_at=LATER).next_run_at == LATER
    task = Task.objects.get(name="made")
    Task.objects.filter(pk=task.pk).update(next_run_at=None)
    task.refresh_from_db()
    task.save()
    task.refresh_from_db()
    assert task.next_run_at is None


@pytest.mark.parametrize("state", ["PREPARE", "PAUSED", "EXHAUSTED", "RETIRED"])
def test_one_that_does_not_fire_yet_has_no_time(state: str) -> None:
    assert made(dump(every(HOUR)), state=state).next_run_at is None


def test_a_trigger_without_times_gives_none() -> None:
    assert made(WorkerStart()).next_run_at is None


def test_one_that_only_fires_when_asked_costs_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        Task.objects.create(name="plain", function=FUNCTION)


@pytest.mark.parametrize("trigger", [{"version": 1, "kind": "moon"}, {}, [], 5, "0 3 * * *"])
def test_a_trigger_that_cannot_be_read_is_refused_and_nothing_is_written(trigger: Any) -> None:
    with pytest.raises(InvalidTrigger, match="The task 'made' cannot be made with the trigger ") as caught:
        made(trigger)
    assert repr(trigger) in str(caught.value)
    assert not Task.objects.filter(name="made").exists()

"""Triggers that are due, while others fire them or people change them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import WorkerStart, cron, dump, every
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store import worker_life
from django_tasks_fsm.store.fire import fire
from tests.specs.runner import explore
from tests.specs.worlds import assert_sound, emptied
from tests.store.rows import DB

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
NEW_YEAR = cron("0 0 1 1 *")


@pytest.fixture(autouse=True)
def only_mine(transactional_db: None) -> Iterator[None]:
    """Let no declared schedule fire meanwhile."""
    others = dict(Task.objects.exclude(next_run_at=None).values_list("pk", "next_run_at"))
    Task.objects.filter(pk__in=others).update(next_run_at=None)
    yield
    for pk, at in others.items():
        Task.objects.filter(pk=pk).update(next_run_at=at)


def due() -> Task:
    emptied()
    slot = timezone.now().replace(microsecond=0) - timedelta(minutes=5)
    return Task.objects.create(name="t", function="tests.nothing", trigger=dump(every(HOUR)), next_run_at=slot)


def slots(task: Task) -> list[datetime | None]:
    return list(TaskRun.objects.filter(task=task).values_list("scheduled_for", flat=True))


def read(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


@pytest.mark.fault("F60")
def test_of_two_that_fire_one_makes_the_run():
    def check(task, did):
        assert did["left"][0] + did["right"][0] == 1
        assert slots(task) == [task.next_run_at]
        assert read(task).next_run_at == task.next_run_at + HOUR
        assert_sound()

    explore(due, {"left": [lambda _: fire(DB)], "right": [lambda _: fire(DB)]}, check)


@pytest.mark.fault("F60")
def test_a_trigger_that_is_changed_while_it_fires_goes_on_from_the_new_one():
    def check(task, did):
        now = read(task)
        assert now.trigger == dump(NEW_YEAR)
        assert now.next_run_at == NEW_YEAR.next_after(None, timezone.now())
        assert slots(task) == [task.next_run_at] * did["worker"][0]
        assert_sound()

    person = [lambda task: read(task).reschedule(NEW_YEAR)]
    explore(due, {"worker": [lambda _: fire(DB)], "person": person}, check)


@pytest.mark.fault("F60")
def test_another_field_that_is_saved_while_it_fires_brings_no_old_time_back():
    def save(task):
        mine = read(task)
        mine.priority = 5
        mine.save()

    def check(task, did):
        now = read(task)
        assert (did["worker"][0], now.priority, now.next_run_at) == (1, 5, task.next_run_at + HOUR)
        assert slots(task) == [task.next_run_at]
        assert_sound()

    explore(due, {"worker": [lambda _: fire(DB)], "person": [save]}, check)


def test_a_task_that_is_paused_while_it_fires_fires_before_or_not_at_all():
    def check(task, did):
        now, fired = read(task), did["worker"][0]
        assert now.state == "PAUSED"
        assert slots(task) == [task.next_run_at] * fired
        assert now.next_run_at == task.next_run_at + fired * HOUR
        assert did["person"][1] == 0
        assert_sound()

    person = [lambda task: read(task).pause(), lambda _: fire(DB)]
    explore(due, {"worker": [lambda _: fire(DB)], "person": person}, check)


def test_two_workers_that_start_at_once_make_no_more_runs_than_are_left():
    def begin():
        emptied()
        Task.objects.create(name="t", function="tests.nothing", trigger=dump(WorkerStart()), max_runs=1)

    def start(_):
        (request,) = worker_life.wanted("start", ("*",), (), DB) or (None,)
        return request is not None and worker_life.make(request, uuid.uuid4(), DB) is not None

    def check(_, did):
        assert sorted([*did["left"], *did["right"]]) == [False, True]
        assert TaskRun.objects.count() == 1
        assert Task.objects.get(name="t").state == "EXHAUSTED"

    explore(begin, {"left": [start], "right": [start]}, check)

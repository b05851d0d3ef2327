from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core import triggers
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.stage import stage
from tests.store.rows import DB, a_run, a_task

pytestmark = pytest.mark.django_db

MINUTELY = triggers.dump(triggers.Interval(every=timedelta(minutes=1)))


def ago(minutes: int) -> datetime:
    return timezone.now().replace(microsecond=0) - timedelta(minutes=minutes, seconds=5)


def due(**values) -> Task:
    values = {"trigger": MINUTELY, "next_run_at": ago(0), "max_instances": 1, **values}
    return a_task("t", **values)


def fired(task: Task) -> list[str]:
    fire(DB)
    return list(
        TaskRun.objects.filter(task=task, scheduled_for__isnull=False).order_by("pk").values_list("state", flat=True)
    )


def test_a_time_that_comes_while_the_last_run_is_going_is_skipped_and_says_which():
    task = due()
    before = a_run("RUNNING", task=task, limited=True, line=2)
    assert fired(task) == ["SKIPPED"]
    reason = Transition.objects.get(event="skip").reason
    assert reason == f"max_instances is 1, and as many were going: {before.pk}"


def test_a_run_that_waits_in_line_is_going_too():
    task = due()
    a_run("PENDING", task=task, limited=True, line=1)
    assert fired(task) == ["SKIPPED"]


@pytest.mark.parametrize("state", ["DONE", "FAILED"])
def test_a_run_that_has_ended_is_in_nobodys_way(state):
    task = due()
    a_run(state, task=task, limited=True)
    assert fired(task) == ["PENDING"]


def test_a_task_that_lets_its_runs_wait_gets_one_for_each_time():
    task = due(on_overlap="wait")
    a_run("RUNNING", task=task, limited=True, line=2)
    assert fired(task) == ["PENDING"]
    stage(DB)
    assert TaskRun.objects.filter(task=task, line=1).count() == 1


def test_a_task_without_such_a_limit_overlaps():
    task = due(max_instances=None)
    a_run("RUNNING", task=task)
    assert fired(task) == ["QUEUED"]


def test_times_that_are_made_up_for_together_wait_for_one_another():
    task = due(catch_up="all", next_run_at=ago(3))
    assert fired(task) == ["PENDING"] * 4
    stage(DB)
    assert sorted(TaskRun.objects.filter(task=task).values_list("line", flat=True)) == [1, 1, 1, 2]


def test_a_run_that_was_fired_and_is_not_in_line_yet_is_going_too():
    task = due()
    assert fired(task) == ["PENDING"]
    Task.objects.filter(pk=task.pk).update(next_run_at=ago(0) + timedelta(seconds=1))
    assert fired(task) == ["PENDING", "SKIPPED"]

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store import definitions
from django_tasks_fsm.store.stage import stage
from tests.store.rows import DB, a_run, a_task, events_of, state_of
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def test_what_is_due_is_queued_and_not_recorded():
    run = a_run("PENDING", run_at=NOW - timedelta(seconds=1))
    assert stage(DB) == 1
    assert (state_of(run), events_of(run)) == ("QUEUED", [])


@pytest.mark.parametrize(
    "values", [{"run_at": NOW + timedelta(days=1)}, {"waiting_on": 1, "run_at": NOW - timedelta(days=1)}]
)
def test_what_waits_for_a_time_or_another_run_stays_pending(values):
    run = a_run("PENDING", **values)
    assert stage(DB) == 0
    assert state_of(run) == "PENDING"


@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.PENDING])
def test_only_pending_runs_are_staged(state):
    run = a_run(state.value, run_at=NOW - timedelta(days=1))
    assert stage(DB) == 0
    assert state_of(run) == state


def test_the_longest_due_come_first():
    late, later = (a_run("PENDING", run_at=NOW - timedelta(days=days)) for days in (1, 2))
    assert stage(DB, limit=1) == 1
    assert (state_of(late), state_of(later)) == ("PENDING", "QUEUED")


@pytest.mark.django_db(transaction=True)
def test_several_who_stage_at_once_stage_each_run_once():
    task = a_task()
    TaskRun.objects.bulk_create([TaskRun(task=task, run_at=NOW - timedelta(days=1)) for _ in range(200)])
    staged = at_once(*[partial(stage, DB, 60)] * 4)
    staged.append(stage(DB))
    assert sum(staged) == 200 == TaskRun.objects.filter(state="QUEUED").count()


@pytest.mark.django_db(transaction=True)
def test_workers_here_are_told_which_queues_have_work():
    heard: list[frozenset[str]] = []

    def hear(queues, **kwargs):
        heard.append(queues)

    for name in "aab":
        a_run("PENDING", run_at=NOW - timedelta(days=1), queue=name)
    signals.work_ready.connect(hear)
    try:
        stage(DB)
        stage(DB)
    finally:
        signals.work_ready.disconnect(hear)
    assert heard == [frozenset("ab")]


def test_a_run_that_was_made_before_its_task_had_a_limit_stands_in_line():
    a_run("PENDING", run_at=NOW - timedelta(days=2), limited=False)
    task = a_task()
    Task.objects.filter(pk=task.pk).update(max_instances=1)
    TaskRun.objects.update(limited=False)  # as one that a process made which had not heard of the limit
    a_run("PENDING", run_at=NOW - timedelta(days=1), limited=True)
    definitions.forget_limits()
    assert stage(DB) == 2
    found = TaskRun.objects.order_by("run_at").values_list("state", "limited", "line")
    assert list(found) == [("QUEUED", True, 2), ("PENDING", True, 1)]

"""What the start and the stop of a worker fire."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.triggers import Trigger, WorkerStart, WorkerStop, any_of, cron, dump
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.worker_life import make, wanted
from tests.store.faults import failing, transient
from tests.store.rows import DB, claims

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)


def fired_by(trigger: Trigger, name: str = "greeting", **values: Any) -> Task:
    return Task.objects.create(name=name, function="f", trigger=dump(trigger), **values)


def asked(event: str = "start", queues: tuple[str, ...] = ("*",), excluded: tuple[str, ...] = ()) -> list[Request]:
    return wanted(event, queues, excluded, DB)


def test_the_event_decides_which_tasks_are_fired():
    start = fired_by(WorkerStart(), args=[1], queue="mail")
    stop = fired_by(WorkerStop(), "farewell")
    either = fired_by(any_of(WorkerStop(), cron("0 5 * * *")), "both")
    assert [(one.task_id, one.args, one.queue) for one in asked("start")] == [(start.pk, [1], "mail")]
    assert [one.task_id for one in asked("stop")] == [stop.pk, either.pk]


@pytest.mark.parametrize("state", ["PREPARE", "PAUSED", "EXHAUSTED", "RETIRED"])
def test_only_active_tasks_are_fired(state):
    fired_by(WorkerStart(), state=state)
    assert asked() == []


def test_a_worker_is_asked_for_its_own_queues_only():
    fired_by(WorkerStart(), queue="mail")
    assert len(asked(queues=("mail",))) == 1
    assert asked(queues=("reports",)) == asked(excluded=("mail",)) == []
    Queue.objects.create(name="mail", paused_at=timezone.now())
    assert asked() == []


@pytest.mark.parametrize("broken", [{"trigger": {"kind": "moon"}}, {"args": 5}, {"kwargs": [1]}])
def test_a_task_that_cannot_be_read_keeps_no_worker_from_starting(broken):
    sick = fired_by(WorkerStart(), "sick")
    well = fired_by(WorkerStart(), "well")
    Task.objects.filter(pk=sick.pk).update(**broken)
    assert [one.task_id for one in asked()] == [well.pk]


def test_a_run_is_its_workers_from_the_start():
    fired_by(WorkerStart())
    worker = uuid.uuid4()
    (request,) = asked()
    claim = make(request, worker, DB)
    assert claim is not None
    run = TaskRun.objects.get()
    assert (run.pk, run.state, run.worker_id, run.attempt) == (claim.id, "RUNNING", worker, 1)
    assert claims() == []


@committing
def test_a_step_that_is_repeated_makes_one_run():
    fired_by(WorkerStart())
    worker = uuid.uuid4()
    (request,) = asked()
    with failing([transient()], ("INSERT INTO", "taskrun")):
        first = make(request, worker, DB)
    assert first is not None
    assert make(request, worker, DB) == first
    assert TaskRun.objects.count() == 1

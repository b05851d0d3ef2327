"""Rows to act on, made directly, in any state that the constraints allow."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Claim, Failure, Outcome
from django_tasks_fsm.core.prerequisites import Awaited, Condition
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunPrerequisite, Task, TaskRun, Transition, Worker
from django_tasks_fsm.store.claim import claim
from django_tasks_fsm.store.enqueue import Request, enqueue
from django_tasks_fsm.store.finish import finish

DB = "default"
FAILURE = Failure("builtins.ValueError", "boom", "Traceback ...", "")


def a_task(name: str = "work", **values: Any) -> Task:
    """Find or make a task; its next time is the one given, or none."""
    task: Task | None = Task.objects.filter(name=name).first()
    return task or saved(Task(name=name, **{"function": "tests.nothing", **values}))


def saved(task: Task) -> Task:
    """Save a task as it is: without the first time of its trigger, and however broken that is."""
    super(Task, task).save()
    return task


def a_worker(name: str = "w", *, silent_for: float = 0, **values: Any) -> Worker:
    """Make a worker whose last heartbeat lies ``silent_for`` seconds back."""
    beat = timezone.now() - timedelta(seconds=silent_for)
    return Worker.objects.create(name=name, started_at=beat, heartbeat_at=beat, **values)


def a_run(state: str = "QUEUED", **values: Any) -> TaskRun:
    now = timezone.now()
    if state in FINAL:
        values.setdefault("finished_at", now)
    if state == RunState.RUNNING:
        held = {"worker_id": uuid.uuid4(), "started_at": now, "attempt": 1, "fence": 1}
        values = {**held, **values}
    values.setdefault("task", None)
    values["task"] = values["task"] or a_task()
    return TaskRun.objects.create(state=state, **values)


def runs(number: int, **values: Any) -> list[TaskRun]:
    """Make many queued runs with one statement."""
    task = a_task()
    return TaskRun.objects.bulk_create([TaskRun(task=task, state="QUEUED", **values) for _ in range(number)])


def waits_for(run: TaskRun, *prerequisites: TaskRun, condition: str = "done", met: bool = False) -> None:
    """Add edges as enqueue would have left them."""
    RunPrerequisite.objects.bulk_create(
        [RunPrerequisite(run=run, prerequisite=one, condition=condition, met=met) for one in prerequisites]
    )


def enqueued(*prerequisites: TaskRun, condition: str = "done", **values: Any) -> TaskRun:
    """Enqueue one run of the ordinary task, waiting for ``prerequisites``."""
    edges = tuple(Awaited(one.pk, Condition(condition)) for one in prerequisites)
    return enqueue(Request(task_id=a_task().pk, prerequisites=edges, **values), DB)


def claims(limit: int = 1, queues: Sequence[str] = ("default",), worker: uuid.UUID | None = None) -> list[Claim]:
    """Claim in a transaction of its own, or in the one that is open."""
    with transaction.atomic():
        return claim(worker or uuid.uuid4(), queues, limit, DB)


def claimed(run: TaskRun, worker: uuid.UUID | None = None) -> Claim:
    """Claim the next run, which must be ``run``."""
    (taken,) = claims(1, (run.queue,), worker)
    assert taken.id == run.pk
    return taken


def finished(*outcomes: Outcome, worker: uuid.UUID | None = None) -> set[uuid.UUID]:
    """Finish in a transaction of its own, or in the one that is open."""
    with transaction.atomic():
        return finish(outcomes, worker or uuid.uuid4(), DB)


def done(run: TaskRun, result: str = "null") -> None:
    """Claim and finish a run."""
    assert finished(Outcome.done(claimed(run), result)) == {run.pk}


def failed(run: TaskRun) -> None:
    """Claim a run and fail it for good."""
    assert finished(Outcome.failed(claimed(run), FAILURE)) == {run.pk}


def state_of(run: TaskRun) -> str:
    return TaskRun.objects.values_list("state", flat=True).get(pk=run.pk)


def states_of(some: Iterable[TaskRun]) -> list[str]:
    return [state_of(run) for run in some]


def events_of(run: TaskRun) -> list[str]:
    """Return the recorded events of a run in order."""
    return list(Transition.objects.filter(run=run).order_by("pk").values_list("event", flat=True))

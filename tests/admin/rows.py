"""Rows in every state, as the engine would leave them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunPrerequisite, Task, TaskRun, Transition, Worker
from tests.store.rows import saved

FUNCTION = "tests.admin.jobs.fetch"


def make_task(name: str = "fetch users", **values: Any) -> Task:
    """Make a task of the registered function, with the next time that is given, or none."""
    return saved(Task(name=name, **{"function": FUNCTION, **values}))


def make_worker(**values: Any) -> Worker:
    """Make a live worker."""
    now = timezone.now()
    given = {"name": "w-1", "queues": ["*"], "concurrency": 4, "started_at": now, "heartbeat_at": now}
    return Worker.objects.create(**{**given, **values})


def make_run(task: Task, state: RunState = RunState.QUEUED, **values: Any) -> TaskRun:
    """Make a run in a state, with a worker where it needs one."""
    if state is RunState.RUNNING:
        values.setdefault("worker", Worker.objects.first() or make_worker())
    run = run_in(state, task=task, **values)
    run.save(force_insert=True)
    return run


def run_in(state: RunState, **values: Any) -> TaskRun:
    """Return an unsaved run in a state, with the times that the table's constraints ask for."""
    if state in FINAL:
        values.setdefault("finished_at", timezone.now())
    if state is RunState.RUNNING:
        values.setdefault("started_at", timezone.now())
        values.setdefault("attempt", 1)
    return TaskRun(state=state.value, **values)


def link(prerequisite: TaskRun, run: TaskRun, condition: str = "done", met: bool = False) -> RunPrerequisite:
    """Let one run wait for another."""
    if not met:
        TaskRun.objects.filter(pk=run.pk).update(waiting_on=run.waiting_on + 1)
        run.waiting_on += 1
    return RunPrerequisite.objects.create(prerequisite=prerequisite, run=run, condition=condition, met=met)


def make_chain(task: Task) -> list[TaskRun]:
    """Make a run graph: one done, the next failed with a traceback, a third that waits for it."""
    graph = uuid.uuid4()
    done = make_run(task, RunState.DONE, graph=graph, result={"rows": 3})
    failed = make_run(task, RunState.FAILED, graph=graph, error="shop.Mismatch: 34 expected")
    waiting = make_run(task, RunState.PENDING, graph=graph)
    link(done, failed, met=True)
    link(failed, waiting)
    Transition.objects.create(
        run=failed, event="error", from_state="RUNNING", to_state="FAILED", at=timezone.now(), attempt=1,
        actor="worker:w", detail={"exception": "shop.Mismatch", "message": "34", "traceback": "Traceback: line 7"},
    )  # fmt: skip
    return [done, failed, waiting]


def soon(**length: float) -> datetime:
    """Return a time ahead, to the second."""
    return (timezone.now() + timedelta(**length)).replace(microsecond=0)

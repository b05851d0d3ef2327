"""Run a task because somebody asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import router

from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.transitions import Change, Moved, announce_made, record
from django_tasks_fsm.store.blueprint import with_prerequisites, with_template
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.once import once


def start(
    task: Task, at: datetime | None, actor: Actor, reason: str = "", *, upstream: bool = True, dependents: bool = False
) -> TaskRun:
    """Make a run of ``task`` with its stored arguments, due ``at`` or now, and record who asked, and why.

    With it come runs of what it waits for and of what depends on it, where wanted, in one graph.
    """
    using = router.db_for_write(Task, instance=task)
    root = Request.of(task, run_at=at)
    requests = with_template(root, task, using, upstream=upstream, dependents=dependents)
    asked = {request.id for request in requests}  # a service that lives gets no second run

    def work() -> list[TaskRun]:
        runs = _made(requests, using)
        made = [Moved(run.pk, "start", run.state, run.state) for run in runs]
        record(TaskRun, Change("start", actor, reason), made, using)
        announce_made(TaskRun, [run.pk for run in runs if run.pk in asked], using)
        return runs

    return once(work, asked, using)[0]


def _made(requests: Sequence[Request], using: str) -> list[TaskRun]:
    for queue in sorted({request.queue for request in requests}):
        know_queue(queue, using)
    return _stored(requests, using)


def with_company(requests: Sequence[Request], wanted: Sequence[Request], using: str) -> list[TaskRun]:
    """Make the runs of ``wanted``, among them those of ``requests``, and return the latter in their order.

    The others, which a template has added, are announced here; nobody else knows of them.
    """

    def work() -> list[TaskRun]:
        runs = _made(wanted, using)
        asked = {request.id for request in requests}
        announce_made(TaskRun, [request.id for request in wanted if request.id not in asked], using)
        return runs

    made = dict(zip([one.id for one in wanted], once(work, {one.id for one in wanted}, using), strict=True))
    return [made[request.id] for request in requests]


def enqueue_with_company(requests: Sequence[Request], using: str, *, shared: bool = False) -> list[TaskRun]:
    """Make the runs of ``requests``, with those that their tasks' templates ask for; see ``with_prerequisites``."""
    wanted = with_prerequisites(requests, using, shared=shared)
    return with_company(requests, wanted, using) if len(wanted) > len(requests) else _stored(requests, using)


def _stored(requests: Sequence[Request], using: str) -> list[TaskRun]:
    return enqueue_many(requests, using) if len(requests) > 1 else [enqueue(requests[0], using)]

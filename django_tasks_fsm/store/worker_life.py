"""Make the runs that a worker fires by coming and going: claimed as they are made, so that nobody else takes them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator

from django_tasks_fsm import registry
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.models.queue import shut
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import announce_made
from django_tasks_fsm.store.claim import claim_run
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.exhaust import charge


def wanted(event: str, queues: Collection[str], excluded: Collection[str], using: str) -> list[Request]:
    """Return a run to make for each ACTIVE task that ``event`` ("start" or "stop") fires in a worker of these queues.

    Paused queues are left out, and prerequisites are not waited for.
    """
    closed = set(Queue.objects.using(using).filter(shut()).values_list("name", flat=True)) | set(excluded)
    return [
        _request(task)
        for task in _tasks(event, using)
        if task.queue not in closed and ("*" in queues or task.queue in queues)
    ]


def make(request: Request, worker_id: uuid.UUID, using: str) -> Claim | None:
    """Make the run and claim it in one transaction: no other worker sees it before. Repeated, it makes nothing anew."""
    know_queue(request.queue, using)

    def work() -> Claim | None:
        if not TaskRun.objects.using(using).filter(pk=request.id).exists():
            if not charge(request.task_id, using):
                return None
            enqueue_many([request], using)
            announce_made(TaskRun, [request.id], using)
        return claim_run(worker_id, request.id, using)

    return in_transaction(work, using)


def _tasks(event: str, using: str) -> Iterator[Task]:
    # Tasks are few, and by what a project's own kinds, or those made of others, are fired is not written in a column.
    for task in Task.objects.using(using).filter(state=TaskState.ACTIVE.value).order_by("pk"):
        try:
            is_fired = event in task.fires.worker_events and registry.lifecycle_of(task.function) is None
        except InvalidTrigger:
            continue  # a check and the task's page say so
        if is_fired and isinstance(task.args, list) and isinstance(task.kwargs, dict):
            yield task


def _request(task: Task) -> Request:
    return Request.of(task)

"""The runs of services: one for each task, made anew when it has ended, and what their holders have to know."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.lifecycle import service_key
from django_tasks_fsm.models import ServiceTicks, Task, TaskRun, Transition
from django_tasks_fsm.models.mail import waiting
from django_tasks_fsm.models.moments import instant
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import announce_made
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue_many

RESTART_AFTER = {RunState.DONE: timedelta(seconds=5), RunState.FAILED: timedelta(seconds=60)}
"""How long after the end of its run a service gets another one; those in other states were stopped by somebody."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What the holder of a service run should know; ``now`` is the database's clock."""

    now: datetime
    stop: str
    rests: bool
    trigger: dict[str, Any]
    has_messages: bool


def ensure(using: str) -> int:
    """Make the missing runs of the services whose tasks are ACTIVE; return how many. Any worker may do it."""
    functions = registry.services()
    if not functions:
        return 0
    tasks = Task.objects.using(using).filter(function__in=functions, state=TaskState.ACTIVE.value)
    keys = {service_key(name): pk for pk, name in tasks.values_list("pk", "name")}
    alive = set(TaskRun.objects.using(using).filter(key__in=list(keys)).values_list("key", flat=True))
    missing = sorted(pk for key, pk in keys.items() if key not in alive)
    return sum(in_transaction(lambda pk=pk: _ensure(pk, using), using) for pk in missing)  # type: ignore[misc]


def _ensure(pk: int, using: str) -> bool:
    # The task is locked from the look to the insertion: of two workers one finds what the other has made.
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    rows = Task.objects.using(using).filter(pk=pk, state=TaskState.ACTIVE.value)
    row = rows.select_for_update(skip_locked=for_alias(using).skips_locked).first()  # looked at again soon
    if row is None or not _may_start(row, using):
        return False
    return make(row, using)


def make(task: Task, using: str) -> bool:
    """Make the run of a service, due now, unless it lives already; needs an open transaction. Return whether it did."""
    know_queue(task.queue, using)
    request = Request.of(task)
    (run,) = enqueue_many([request], using)
    if run.pk == request.id:
        announce_made(TaskRun, [run.pk], using)
    return run.pk == request.id


def _may_start(task: Task, using: str) -> bool:
    life = registry.lifecycle_of(task.function)
    if life is None or not isinstance(task.args, list) or not isinstance(task.kwargs, dict):
        return False
    last = TaskRun.objects.using(using).filter(task=task, given_key=service_key(task.name)).order_by("-pk").first()
    if last is None:
        return True
    if last.finished_at is None or not last.is_final:
        return False
    if RunState(last.state) in RESTART_AFTER:
        over = instant(last.finished_at) + RESTART_AFTER[RunState(last.state)]
        return life.restart and over <= instant(for_alias(using).now())
    # Stopped with its task, when that was put away, it comes back with its task.
    restored = Transition.objects.using(using).filter(task=task, event="restore", at__gt=last.finished_at)
    return restored.exists()


def notices(held: Collection[tuple[uuid.UUID, int]], using: str) -> dict[tuple[uuid.UUID, int], Notice]:
    """Return what the holders of these runs should know; runs that are not theirs any more are left out."""
    ids = [run_id for run_id, _ in held]
    rows = TaskRun.objects.using(using).filter(pk__in=ids, state=RunState.RUNNING.value).annotate(now=DatabaseNow())
    columns = ("pk", "fence", "now", "cancel_requested_at", "pause_requested_at", "task__state", "task__trigger")
    found = list(rows.order_by("pk").values_list(*columns))
    mail = waiting(ids, using)
    return {
        (pk, fence): Notice(
            instant(now), _stop(cancel, task), pause is not None or task == TaskState.PAUSED, trigger, pk in mail
        )
        for pk, fence, now, cancel, pause, task, trigger in found
        if (pk, fence) in held
    }


def _stop(cancel_requested_at: datetime | None, task_state: str) -> str:
    if cancel_requested_at is not None:
        return "a person asked for it"
    return "its task is retired" if task_state == TaskState.RETIRED else ""


def last_ticks(run_id: uuid.UUID, using: str) -> tuple[int, datetime | None]:
    """Return how often a service has ticked, and the slot that it did last."""
    row = ServiceTicks.objects.using(using).filter(pk=run_id).values_list("ticks", "last_slot").first()
    return (0, None) if row is None else (row[0], row[1] and instant(row[1]))

"""Turn due triggers into runs: one run per slot, whoever fires."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connections
from django.db.models import QuerySet

from django_tasks_fsm.core.misfire import Plan, PlannedSlot, plan
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.moments import instant, stored
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.task_verbs import move_tasks
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, announce_made
from django_tasks_fsm.store.blueprint import with_template
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.fixed_delay import not_before

logger = logging.getLogger("django_tasks_fsm")


def fire(using: str, limit: int = 100) -> int:
    """Make the runs of up to ``limit`` tasks whose time has come; return how many tasks fired.

    Each in one transaction that advances ``next_run_at`` from the slot it saw and inserts the runs: of two that try,
    one finds the slot gone and does nothing. The unique slot of a run is the second guard.
    """
    due = Task.objects.using(using).filter(state=TaskState.ACTIVE.value, next_run_at__lte=DatabaseNow())
    slots = list(due.order_by("next_run_at").values_list("pk", "next_run_at")[:limit])
    return sum(in_transaction(lambda pk=pk, slot=slot: _fire_one(pk, slot, using), using) for pk, slot in slots)  # type: ignore[misc]


def _fire_one(pk: int, slot: datetime, using: str) -> bool:
    dialect = for_alias(using)
    dialect.lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    row = Task.objects.using(using).filter(pk=pk, next_run_at=slot, state=TaskState.ACTIVE.value)
    task = row.select_for_update().first()
    if task is None:
        return False
    try:
        if (later := not_before(task, using)) is not None:
            _move_on(row, task, _within(task, later), using)
            return False
        made = _plan(task, slot, using)
    except InvalidTrigger as error:
        logger.error("Task %r does not fire any more until somebody corrects it: %s", task.name, error)
        return bool(row.update(next_run_at=None)) and False
    _make_runs(task, made.slots, using)
    _move_on(row, task, made.next_slot, using)
    return True


def _move_on(row: QuerySet[Task], task: Task, at: datetime | None, using: str) -> None:
    """Set the next time; without one the task is exhausted."""
    row.update(next_run_at=None if at is None else stored(at))
    if at is None:
        move_tasks([task.pk], Change("exhaust", Actor.system(), "its trigger has no more times"), using)


def _within(task: Task, at: datetime) -> datetime | None:
    end = getattr(task.fires, "end", None)
    return None if end is not None and at > end else at


def _plan(task: Task, slot: datetime, using: str) -> Plan:
    if not isinstance(task.args, list) or not isinstance(task.kwargs, dict):
        raise InvalidTrigger("Its arguments must be a JSON list, and its keyword arguments a JSON object.")
    return plan(task.fires, instant(slot), instant(for_alias(using).now()), task.misfire_policy)


def _make_runs(task: Task, slots: tuple[PlannedSlot, ...], using: str) -> None:
    known = TaskRun.objects.using(using).filter(
        task=task, scheduled_for__in=[stored(slot.scheduled_for) for slot in slots]
    )
    taken = set(known.values_list("scheduled_for", flat=True))
    fresh = [slot for slot in slots if stored(slot.scheduled_for) not in taken]
    roots = [_request(task, slot) for slot in fresh]
    missed = [root.id for root, slot in zip(roots, fresh, strict=True) if slot.skipped]
    requests = [one for root in roots for one in ([root] if root.id in missed else _with_template(root, task, using))]
    for queue in {request.queue for request in requests}:
        know_queue(queue, using)
    runs = enqueue_many(requests, using)
    announce_made(TaskRun, [run.pk for run in runs], using)
    move_runs(missed, Change("skip", Actor.system(), "missed its grace time"), using)


def _with_template(root: Request, task: Task, using: str) -> list[Request]:
    return with_template(root, task, using, upstream=True, dependents=task.run_dependents)


def _request(task: Task, slot: PlannedSlot) -> Request:
    return Request(
        task_id=task.pk,
        args=task.args,
        kwargs=task.kwargs,
        queue=task.queue,
        priority=task.priority,
        run_at=task.fires.due_time(slot.scheduled_for, task.name),
        scheduled_for=stored(slot.scheduled_for),
        stands_for=slot.stands_for,
    )

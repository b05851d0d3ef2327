"""Turn due triggers into runs: one run per slot, whoever fires."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connections
from django.db.models import QuerySet

from django_tasks_fsm import registry
from django_tasks_fsm.core.misfire import Plan, PlannedSlot, plan
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.exceptions import InvalidLimit, InvalidTrigger
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.moments import instant, stored
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, announce_made
from django_tasks_fsm.store.blueprint import with_template
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue_many
from django_tasks_fsm.store.exhaust import ALL_RUNS_MADE, NO_MORE_TIMES, exhaust, fired_with, left_by_max_runs
from django_tasks_fsm.store.fixed_delay import not_before
from django_tasks_fsm.store.overlap import overlap
from django_tasks_fsm.store.services import make

logger = logging.getLogger("django_tasks_fsm")


def fire(using: str, limit: int = 100) -> int:
    """Make the runs of up to ``limit`` tasks whose time has come; return how many tasks fired.

    Each in one transaction that advances ``next_run_at`` from the slot it saw and inserts the runs: of two that try,
    one finds the slot gone and does nothing. The unique slot of a run is the second guard.
    """
    due = Task.objects.using(using).filter(state=TaskState.ACTIVE.value, next_run_at__lte=DatabaseNow())
    slots = list(due.order_by("next_run_at").values_list("pk", "next_run_at")[:limit])
    return sum(
        in_transaction(lambda pk=pk, slot=slot: _fire_one(pk, slot, using), using, committed=_committed)  # type: ignore[misc]
        for pk, slot in slots
    )


def _committed(fired: bool) -> None:
    if fired:
        failpoint("slot.committed")


def _fire_one(pk: int, slot: datetime, using: str) -> bool:
    dialect = for_alias(using)
    dialect.lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    row = Task.objects.using(using).filter(pk=pk, next_run_at=slot, state=TaskState.ACTIVE.value)
    # MariaDB locks the task of a run that somebody's open transaction makes; the next look finds the time still due.
    task = row.select_for_update(skip_locked=dialect.skips_locked).first()
    if task is None:
        return False
    failpoint("slot.read")
    if registry.lifecycle_of(task.function) is not None:  # it ticks by its trigger; a time that a person set starts it
        row.update(next_run_at=None)
        return make(task, using)
    try:
        if (later := not_before(task, using)) is not None:
            _move_on(row, task, _within(task, later), using)
            return False
        planned = _plan(task, slot, using)
        made = _make_runs(task, planned.slots, using)
        failpoint("slot.inserted")
    except (InvalidTrigger, InvalidLimit) as error:
        logger.error("Task %r does not fire any more until somebody corrects it: %s", task.name, error)
        return bool(row.update(next_run_at=None)) and False
    _move_on(row, task, planned.next_slot, using, made)
    return True


def _move_on(row: QuerySet[Task], task: Task, at: datetime | None, using: str, made: int = 0) -> None:
    """Set the next time and count the runs; without a time, or a run left, the task is exhausted."""
    fired = fired_with(task, made)
    is_over = task.max_runs is not None and fired >= task.max_runs
    row.update(next_run_at=None if at is None else stored(at), fired=fired)
    if is_over or at is None:
        exhaust(task.pk, Actor.system(), ALL_RUNS_MADE if is_over else NO_MORE_TIMES, using)


def _within(task: Task, at: datetime) -> datetime | None:
    end = getattr(task.fires, "end", None)
    return None if end is not None and at > end else at


def _plan(task: Task, slot: datetime, using: str) -> Plan:
    if not isinstance(task.args, list) or not isinstance(task.kwargs, dict):
        raise InvalidTrigger("Its arguments must be a JSON list, and its keyword arguments a JSON object.")
    return plan(task.fires, instant(slot), instant(for_alias(using).now()), task.misfire_policy)


def _make_runs(task: Task, slots: tuple[PlannedSlot, ...], using: str) -> int:
    """Make the runs of the slots that have none, and return how many will be executed."""
    known = TaskRun.objects.using(using).filter(
        task=task, scheduled_for__in=[stored(slot.scheduled_for) for slot in slots]
    )
    taken = set(known.values_list("scheduled_for", flat=True))
    fresh = left_by_max_runs(task, tuple(slot for slot in slots if stored(slot.scheduled_for) not in taken))
    roots = [_request(task, slot) for slot in fresh]
    missed = [root.id for root, slot in zip(roots, fresh, strict=True) if slot.skipped]
    reason = overlap(task, using)
    over = [root.id for root in roots if root.id not in missed] if reason else []
    left_out = {*missed, *over}
    requests = [one for root in roots for one in ([root] if root.id in left_out else _with_template(root, task, using))]
    for queue in {request.queue for request in requests}:
        know_queue(queue, using)
    runs = enqueue_many(requests, using)
    announce_made(TaskRun, [run.pk for run in runs], using)
    move_runs(missed, Change("skip", Actor.system(), "missed its grace time"), using)
    move_runs(over, Change("skip", Actor.system(), reason), using)
    return len(roots) - len(left_out)


def _with_template(root: Request, task: Task, using: str) -> list[Request]:
    return with_template(root, task, using, upstream=True, dependents=task.run_dependents)


def _request(task: Task, slot: PlannedSlot) -> Request:
    due = task.fires.due_time(slot.scheduled_for, task.name)
    return Request.of(task, run_at=due, scheduled_for=stored(slot.scheduled_for), stands_for=slot.stands_for)

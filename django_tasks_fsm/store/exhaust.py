"""End schedules: because all runs that they may make have been made, or because a run of theirs says so."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db import connections

from django_tasks_fsm.core.misfire import PlannedSlot
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.task_verbs import move_tasks
from django_tasks_fsm.models.transitions import Change

NO_MORE_TIMES = "its trigger has no more times"
ALL_RUNS_MADE = "all runs that max_runs allows have been made"


def exhaust(task_id: int, actor: Actor, reason: str, using: str) -> None:
    """End the schedule of a task that is ACTIVE; needs an open transaction."""
    move_tasks([task_id], Change("exhaust", actor, reason, values={"next_run_at": None}), using)


def left_by_max_runs(task: Task, slots: tuple[PlannedSlot, ...]) -> tuple[PlannedSlot, ...]:
    """Return the slots, oldest first, until no run is left to be made; skipped ones do not count."""
    if task.max_runs is None:
        return slots
    kept, left = [], task.max_runs - task.fired
    for slot in slots:
        if left <= 0:
            break
        kept.append(slot)
        left -= not slot.skipped
    return tuple(kept)


def fired_with(task: Task, made: int) -> int:
    """Return the count of a task's runs with those ``made`` now; without ``max_runs`` nothing is counted."""
    return 0 if task.max_runs is None else task.fired + made


def charge(task_id: int, using: str) -> bool:
    """Count a run that no time fires, and end the schedule with the last one; return False if there is none left.

    Needs an open transaction.
    """
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    row = Task.objects.using(using).filter(pk=task_id, max_runs__isnull=False)
    task = row.select_for_update().first()
    if task is None or task.max_runs is None:
        return True
    left = task.max_runs - task.fired
    if left > 0:
        row.update(fired=task.fired + 1)
    if left <= 1:
        exhaust(task_id, Actor.system(), ALL_RUNS_MADE, using)
    return left > 0


def stop_schedules(outcomes: Iterable[Outcome], worker_id: uuid.UUID, using: str) -> None:
    """End the schedules of the runs that asked for it, where they are ACTIVE; needs the transaction of their end.

    A task that fires only when asked has no schedule to end.
    """
    asking = {outcome.claim.task_id: outcome for outcome in outcomes if outcome.stop is not None}
    if not asking:
        return
    rows = Task.objects.using(using).filter(pk__in=asking, state=TaskState.ACTIVE.value)
    for pk, trigger in rows.order_by("pk").values_list("pk", "trigger"):
        if not isinstance(trigger, dict) or trigger.get("kind") != "manual":
            told = f"run {asking[pk].claim.id} ended the schedule"
            reason = clean_text(f"{told}: {asking[pk].stop}" if asking[pk].stop else told, 500)
            exhaust(pk, Actor.worker(worker_id), reason, using)

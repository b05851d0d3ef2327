"""The steps behind the verbs on runs. Each needs an open transaction and leaves dependents settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connections

from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.cascade import WAITING, catch_up, follow
from django_tasks_fsm.models.holders import call, call_those_who_lost
from django_tasks_fsm.models.limiting import limit_revived
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.settling import lock_in_order, queue_ready, reopen, unsettle, wake_for
from django_tasks_fsm.models.transitions import Change, Moved, announce, apply, record


def move_runs(pks: Sequence[Any], change: Change, using: str) -> tuple[Moved, ...]:
    """Apply ``change`` with all that follows: dependents settled or held, the ready queued, the signal announced."""
    return move_together([(pks, change)], using)


def move_together(changes: Iterable[tuple[Sequence[Any], Change]], using: str) -> tuple[Moved, ...]:
    """Apply several changes as if they were one: what follows is looked at when all of them have been made."""
    moved = tuple(row for pks, change in changes for row in apply(TaskRun, change, pks, using))
    ended = {row.pk: RunState(row.to_state) for row in moved if RunState(row.to_state) in FINAL}
    revived = [row.pk for row in moved if RunState(row.from_state) in FINAL and row.pk not in ended]
    given_back = [row.pk for row in moved if row.from_state == RunState.RUNNING and row.pk not in ended]
    ended_behind = (*follow(ended, using), *catch_up(given_back, using))
    limit_revived(revived, using)
    unsettle(revived, using)
    reopen(revived, using)
    queue_ready([row.pk for row in moved if row.to_state == RunState.PENDING.value], using)
    wake_for([row.pk for row in moved if row.to_state == RunState.QUEUED.value], using)
    call_those_who_lost(moved, using)
    announce(TaskRun, (*moved, *ended_behind), using)
    return moved


def cancel(pks: Sequence[Any], actor: Actor, reason: str, using: str) -> tuple[tuple[Moved, ...], Collection[Any]]:
    """Cancel what has not started and ask the rest; return the moved ones and the keys of those asked."""
    # Locked before the first look: a run that its worker gives back between the two steps would be found by neither.
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    lock_in_order(pks, using)
    moved = move_runs(pks, Change("cancel", actor, reason, only_from=WAITING), using)
    done = {row.pk for row in moved}
    return moved, _ask_to_stop([pk for pk in pks if pk not in done], actor, reason, using)


def _ask_to_stop(pks: Sequence[Any], actor: Actor, reason: str, using: str) -> set[Any]:
    running = TaskRun.objects.using(using).filter(pk__in=pks, state=RunState.RUNNING.value)
    running.filter(cancel_requested_at=None).update(cancel_requested_at=DatabaseNow())
    rows = list(running.values_list("pk", "attempt", "worker_id"))
    state = RunState.RUNNING.value
    asked = [Moved(pk, "cancel_requested", state, state, attempt, worker) for pk, attempt, worker in rows]
    record(TaskRun, Change("cancel_requested", actor, reason), asked, using)
    call([row.worker_id for row in asked], using)
    return {row.pk for row in asked}


def cancel_if_asked(pks: Iterable[Any], using: str) -> tuple[Moved, ...]:
    """Cancel those of the runs, no longer running, that a person asked to stop: they must not begin again."""
    asked = TaskRun.objects.using(using).filter(pk__in=list(pks), cancel_requested_at__isnull=False)
    change = Change("cancel", Actor.system(), "asked for while it ran", only_from=WAITING)
    return move_runs(list(asked.values_list("pk", flat=True)), change, using)


def postpone(
    pks: Sequence[Any], at: datetime, actor: Actor, reason: str, using: str
) -> tuple[tuple[Moved, ...], Collection[Any]]:
    """Set another due time on runs that wait. RUNNING may reschedule only itself, so it is kept out here."""
    change = Change("reschedule", actor, reason, values={"run_at": stored(at)}, only_from=WAITING)
    return move_runs(pks, change, using), ()

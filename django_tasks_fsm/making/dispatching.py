"""Execute one run here, or have the workers do it, unless it waits for others."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from django.db import close_old_connections, connections, router

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.exceptions import BlockedError, IllegalTransition, StaleState
from django_tasks_fsm.making.performer import Performer
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.transactions import in_transaction, pause
from django_tasks_fsm.models.transitions import Change

TRIES = 6
"""A run that is free and cannot be taken is locked by somebody for a moment."""

WAITING = (RunState.PENDING, RunState.QUEUED)


def dispatch(run: TaskRun, performer: Performer | None = None) -> TaskRun:
    """Execute ``run`` in this thread and return it, read again; see TaskRun.dispatch."""
    using = run._state.db or router.db_for_write(TaskRun)
    run.refresh_from_db()
    if performer is not None:
        return _dispatched(run, performer)
    with Performer(using) as own:
        return _dispatched(run, own)


def _dispatched(run: TaskRun, performer: Performer) -> TaskRun:
    for attempt in range(1, TRIES + 1):
        _refuse(run, "dispatch")
        taken = performer.perform(run.pk, run.task_id)
        run.refresh_from_db()
        if taken:
            return run
        if run.state not in WAITING:
            break
        pause(attempt)
    raise StaleState(f"Run {run.pk}", "dispatch")


def _refuse(run: TaskRun, event: str) -> None:
    if run.state not in WAITING:
        raise IllegalTransition(event, run.state, run.fsm_events)
    blocker = run.blockers().first() if run.waiting_on else None
    if blocker is not None:
        raise BlockedError(run, blocker)


def in_another_thread(run_id: uuid.UUID, using: str) -> None:
    """Execute a run that may have been taken by somebody else meanwhile, in whatever thread this is."""
    try:
        dispatch(TaskRun.objects.using(using).get(pk=run_id))
    except (IllegalTransition, StaleState, BlockedError):
        return  # whoever waits for the run looks at the row
    finally:
        # A thread of a pool keeps no connection that CONN_MAX_AGE does not allow.
        if threading.current_thread() is not threading.main_thread() and not connections[using].in_atomic_block:
            close_old_connections()


def bg(run: TaskRun, *, actor: Actor | None = None, reason: str = "") -> TaskRun:
    """Make ``run`` due now, for the workers, and return it; see TaskRun.bg."""
    using = run._state.db or router.db_for_write(TaskRun)
    run.refresh_from_db()
    _refuse(run, "queue")
    hurry([run.pk], using, actor or Actor.system(), reason)
    run.refresh_from_db()
    return run


def hurry(run_ids: list[Any], using: str, actor: Actor, reason: str) -> None:
    """Make PENDING runs due now."""
    change = Change("reschedule", actor, reason, values={"run_at": DatabaseNow()}, only_from=(RunState.PENDING,))
    in_transaction(lambda: move_runs(run_ids, change, using), using)

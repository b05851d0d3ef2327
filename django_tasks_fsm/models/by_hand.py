"""Events that somebody causes by their name, on one row, from the state in which it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import router

from django_tasks_fsm.core.machine import EVENT_ALIASES, RUN_MACHINE, TASK_MACHINE
from django_tasks_fsm.core.payload import checked, clean_text
from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.exceptions import IllegalTransition, StaleState
from django_tasks_fsm.models import revival, run_verbs, task_verbs
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change

OF_ITS_WORKER = "Only the worker that executes the run may say so; cancel() or abort() it instead."

WAYS_OUT: Mapping[str, str] = {
    "dispatch": "Call dispatch() or make() to execute the run here, or bg() to have a worker do it.",
    "done": "Only the worker that executes the run may say so; a FAILED one is given its result by the event resolve.",
    "queue": "A run is queued when it is due and waits for nothing; call bg() to make it due now.",
    "hold": "A run is held as long as a prerequisite of it is unmet; call require() to add one, or reschedule().",
    "lose": "A run is lost when its worker is silent for too long; abort() it to be rid of it now.",
    "release": OF_ITS_WORKER,
    "exhaust": "A task is exhausted when its trigger has no more times; call pause() or retire() to stop it.",
}
"""Events of the engine, and what to call instead."""


def move_run(run: TaskRun, event: str, actor: Actor, reason: str, detail: Mapping[str, Any]) -> None:
    """Cause ``event`` and read the run again; raise IllegalTransition, or StaleState when somebody was faster."""
    event, state = EVENT_ALIASES.get(event, event), RunState(run.state)
    RUN_MACHINE.target(event, state)
    worker_only = state is RunState.RUNNING and event in ("error", "retry", "reschedule")
    _refuse(event, state, RUN_MACHINE.events(state), OF_ITS_WORKER if worker_only else "")
    values, rest = _values(event, state, reason, detail)
    change = Change(event, actor, reason, values=values, detail=checked(rest, "detail") or None, only_from=(state,))
    using = run._state.db or router.db_for_write(TaskRun)
    done = in_transaction(lambda: _moved(run, change, using), using)
    run.refresh_from_db()
    if not done:
        raise StaleState(f"Run {run.pk}", event)


def _refuse(event: str, state: str, allowed: tuple[str, ...], way_out: str = "") -> None:
    advice = WAYS_OUT.get(event, way_out)
    if advice:
        raise IllegalTransition(event, state, allowed, advice)


def _values(
    event: str, state: RunState, reason: str, detail: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns to write with the event, and what of ``detail`` goes into the history."""
    rest = dict(detail)
    if event == "reschedule":
        return {"run_at": stored(_needed("at", rest, event, state))}, rest
    if event == "resolve":
        return {"result": checked(_needed("value", rest, event, state), "value"), "error": ""}, rest
    return {"error": clean_text(reason, 300)} if event == "error" else {}, rest


def _needed(name: str, detail: dict[str, Any], event: str, state: str) -> Any:
    if name not in detail:
        way_out = f"It needs {name}=: fsm_event({event!r}, {name}=...)."
        raise IllegalTransition(event, state, (event,), way_out)
    return detail.pop(name)


def _moved(run: TaskRun, change: Change, using: str) -> bool:
    state = RunState(run.state)
    if state is RunState.RUNNING and change.event == "cancel":
        moved, asked = run_verbs.cancel([run.pk], change.actor, change.reason, using)
        return bool(moved or asked)
    if state in FINAL and change.event in ("retry", "rerun"):
        revived, held = revival.revive([run.pk], change, using)
        for each in held.values():
            way_out = f"Its key {each.key!r} is borne by run {each.bearer} until that one has ended."
            raise IllegalTransition(change.event, state, RUN_MACHINE.events(state), way_out)
        return bool(revived)
    return bool(run_verbs.move_runs([run.pk], change, using))


def move_task(task: Task, event: str, actor: Actor, reason: str, detail: Mapping[str, Any]) -> None:
    """Cause ``event`` and read the task again; raise IllegalTransition, or StaleState when somebody was faster."""
    state = TaskState(task.state)
    TASK_MACHINE.target(event, state)
    _refuse(event, state, TASK_MACHINE.events(state))
    rest = dict(detail)
    at = _needed("at", rest, event, state) if event == "reschedule" else None
    change = Change(event, actor, reason, detail=checked(rest, "detail") or None, only_from=(state,))
    values = {} if at is None else {"next_run_at": stored(at), "fired": 0}
    using = task._state.db or router.db_for_write(Task)
    verb = task_verbs.resume if event in ("resume", "restore") else task_verbs.move_tasks
    moved = in_transaction(lambda: verb([task.pk], replace(change, values=values), using), using)
    task.refresh_from_db()
    if not moved:
        raise StaleState(f"Task {task.name}", event)

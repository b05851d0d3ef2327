"""Say why a run does not start, or a task does not fire: the one place that decides it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from django.db import router

from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.gates.code import function, function_gate, task_state
from django_tasks_fsm.store.gates.due import due
from django_tasks_fsm.store.gates.firing import next_time, task_fires, trigger
from django_tasks_fsm.store.gates.key import key
from django_tasks_fsm.store.gates.limits import limits
from django_tasks_fsm.store.gates.look import look_at_run, look_at_task
from django_tasks_fsm.store.gates.prerequisites import prerequisites
from django_tasks_fsm.store.gates.queue import queue, queue_gate
from django_tasks_fsm.store.gates.record import Explanation, Gate, Seen, SeenTask
from django_tasks_fsm.store.gates.requests import requests
from django_tasks_fsm.store.gates.state import state
from django_tasks_fsm.store.gates.workers import holder, live_workers, worker_gate, workers

Ask = Callable[[Seen], Iterable[Gate]]

WAITING: tuple[Ask, ...] = (state, due, prerequisites, limits, queue, workers, function, task_state, requests)
RUNNING: tuple[Ask, ...] = (state, holder, requests)
ENDED: tuple[Ask, ...] = (state, function, key)


def explain_run(run: TaskRun) -> Explanation:
    """Say whether ``run`` would be taken at this moment, and what of it holds it up; at most four queries, and eight
    more for a run with limits.

    Looks at the rows as they are now, where they are written, and at the database's clock.
    """
    seen = look_at_run(run, router.db_for_write(TaskRun, instance=run))
    gates = tuple(gate for ask in _asked(seen.run) for gate in ask(seen))
    could_run = seen.is_taken and all(gate.ok for gate in gates)
    return Explanation("run", seen.run.pk, seen.run.task.name, seen.run.state, could_run, gates)


def _asked(run: TaskRun) -> tuple[Ask, ...]:
    if run.state == RunState.RUNNING:
        return RUNNING
    return ENDED if RunState(run.state) in FINAL else WAITING


def explain_task(task: Task) -> Explanation:
    """Say whether ``task`` would fire at this moment, and what keeps it from it; at most four queries.

    What would hold its runs up is told beside.
    """
    seen = look_at_task(task, router.db_for_write(Task, instance=task))
    gates = tuple(gate for ask in TASK for gate in ask(seen))
    could_run = seen.fires and all(gate.ok for gate in gates)
    return Explanation("task", seen.task.pk, seen.task.name, seen.task.state, could_run, gates)


def of_its_runs(seen: SeenTask) -> Iterator[Gate]:
    """Look at who would fire the task, and tell beside what would hold its runs up."""
    live = live_workers(seen.using)
    worker = worker_gate(seen.task.queue, seen.queue, live)
    # Any worker fires any task, whichever queues it serves.
    yield _beside(worker) if live else worker
    yield from map(_beside, (queue_gate(seen.task.queue, seen.queue), function_gate(seen.task)))


def _beside(gate: Gate) -> Gate:
    return gate if gate.ok else replace(gate, ok=True, note=True)


TASK: tuple[Callable[[SeenTask], Iterable[Gate]], ...] = (task_fires, trigger, next_time, of_its_runs)

"""Tasks as rows and claims name them: neither validated nor registered, because a row outlives code and settings."""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django_tasks_fsm import conf, registry
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import FunctionNotRegistered
from django_tasks_fsm.tasks_api import Task

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun, Transition


def task_of(run: TaskRun, backend: str, transitions: Iterable[Transition]) -> Task:
    """Return the task of a run with the settings of that run, as the alias ``backend``, or its own, shows it.

    ``transitions`` are those of its present life.
    """
    try:
        task = registry.find(run.task.function)
    except FunctionNotRegistered as error:
        task = _stand_in(error)
    # The time asked for at enqueue, as long as no later attempt has been given another one.
    moved = any(row.event in ("retry", "reschedule", "lose") for row in transitions)
    return restored(
        task,
        queue_name=run.queue,
        priority=run.priority,
        backend=backend or alias_of(task),
        run_after=None if moved or run.run_at == run.enqueued_at else run.run_at,
        key=run.key,
        graph=None if run.graph == run.pk else run.graph,
    )


def restored(task: Task, **values: Any) -> Task:
    """Return a copy with these values in the fields that the task has."""
    copy: Task = object.__new__(type(task))
    for each in fields(task):
        object.__setattr__(copy, each.name, values.get(each.name, getattr(task, each.name)))
    return copy


def alias_of(task: Task) -> str:
    """Return the alias under which a run of ``task`` is shown: its own where that is a backend of ours, else our first.

    The row does not keep it: a task of another backend may have been sent here by ``using(backend=...)``.
    """
    ours = conf.aliases()
    return task.backend if task.backend in ours or not ours else ours[0]


def _stand_in(error: FunctionNotRegistered) -> FSMTask:
    task = object.__new__(FSMTask)
    for each in fields(FSMTask):
        object.__setattr__(task, each.name, each.default)
    object.__setattr__(task, "func", _missing(error))
    return task


def _missing(error: FunctionNotRegistered) -> Any:
    """Return a function that bears the name of one that is gone and says so when called."""

    def gone(*args: Any, **kwargs: Any) -> Any:
        raise FunctionNotRegistered(error.name)

    module, _, qualname = error.name.rpartition(".")
    stand_in = types.FunctionType(gone.__code__, globals(), qualname, None, gone.__closure__)
    stand_in.__module__, stand_in.__qualname__ = module, qualname
    return stand_in

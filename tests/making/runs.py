"""Runs of the functions of this room, in every state."""

from __future__ import annotations

from typing import Any

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.models import TaskRun
from tests.making.sample import say
from tests.store.rows import a_run


def a_run_of(task: FSMTask, *args: Any, after: Any = (), **settings: Any) -> TaskRun:
    """Enqueue a run of ``task``."""
    return task.using(after=list(after), **settings).enqueue(*args).run


def in_state(state: RunState | str, word: str = "p") -> TaskRun:
    """Return a run that says ``word`` when somebody executes it, in ``state``."""
    return a_run(str(state), task=say.prepare("").run.task, args=[word])


def chain(length: int, **settings: Any) -> list[TaskRun]:
    """Return runs that wait for one another, the first of them free."""
    runs: list[TaskRun] = []
    for number in range(length):
        runs.append(a_run_of(say, str(number), after=runs[-1:], **settings))
    return runs

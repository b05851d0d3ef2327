"""The first time of a task whose row somebody makes as Django makes rows."""

from __future__ import annotations

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers import Manual, Trigger, dump
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models.task import Origin, Task
from django_tasks_fsm.models.task_verbs import first_time


def begin(task: Task, using: str) -> None:
    """Give a new ACTIVE task the first time of its trigger, by the database's clock, unless it was given one.

    Raise InvalidTrigger for a trigger that cannot be read.
    """
    stored: object = task.trigger
    if isinstance(stored, Trigger):
        task.trigger = dump(stored)
    if task.state != TaskState.ACTIVE or task.next_run_at is not None:
        return
    if _fires_by_time(task) and registry.lifecycle_of(task.function) is None:
        task.next_run_at = first_time(task, for_alias(using).now())


def _fires_by_time(task: Task) -> bool:
    try:
        return not isinstance(task.fires, Manual)
    except InvalidTrigger as error:
        if task.origin == Origin.CODE:
            return False  # one schedule that cannot be read must not keep the others from the sync: check E003 tells
        told = f"The task {task.name!r} cannot be made with the trigger {task.trigger!r}: {error}"
        raise InvalidTrigger(told) from None

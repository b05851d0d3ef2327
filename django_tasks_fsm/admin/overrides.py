"""What code declares about a task, and what people changed: a field named in ``overrides`` is no longer synced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.task import Origin
from django_tasks_fsm.models.task_verbs import begin_anew, first_time
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Moved


def is_from_code(task: Task | None) -> bool:
    """Tell whether code declares the task: its name and function are not for people to change."""
    return task is not None and task.origin == Origin.CODE


def declared_values(task: Task) -> dict[str, Any]:
    """Return what code declares for the fields of a task; empty where code no longer does."""
    declaration = registry.wanted().get(task.name)
    return declaration.values if declaration is not None else {}


def can_reset(task: Task) -> bool:
    """Tell whether something was changed that code declares."""
    return is_from_code(task) and bool(task.overrides) and bool(declared_values(task))


def reset(tasks: Any, actor: Actor, said: Mapping[str, Any]) -> Report:
    """Give tasks the values that code declares, and let the sync have them again."""
    return in_transaction(lambda: _reset(list(tasks.order_by("pk").select_for_update()), tasks.db), tasks.db)


def _reset(tasks: Iterable[Task], using: str) -> Report:
    moved, left = [], 0
    for task in tasks:
        if not can_reset(task):
            left += 1
            continue
        _reset_one(task, using)
        moved.append(Moved(task.pk, "reset", task.state, task.state))
    return Report(tuple(moved), refused=((gettext("unchanged"), left),) if left else ())


def _reset_one(task: Task, using: str) -> None:
    values = {name: value for name, value in declared_values(task).items() if name in task.overrides}
    for name, value in values.items():
        setattr(task, name, value)
    task.overrides = []
    task.save(using=using, update_fields=[*values, "overrides", "updated_at"])
    if "trigger" in values:
        begin_anew(task, first_time(task, timezone.now()), using)

"""Schedules that code declares, and their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps

from django_tasks_fsm import registry
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.registry import Declaration

if TYPE_CHECKING:
    from django_tasks_fsm.declare import FSMTask
    from django_tasks_fsm.models import Task

SETTINGS = (
    "cancel_on_exception", "catch_up", "catch_up_cap", "description", "group", "max_attempts", "misfire_grace",
    "on_lost", "on_prerequisite_failure", "priority", "queue", "run_dependents", "timeout",
)  # fmt: skip
"""The fields of a row that a schedule may set."""


def trigger_for(
    name: str, *, cron: str | None, every: timedelta | float | None, at: datetime | None, timezone: str
) -> triggers.Trigger:
    """Return the one trigger that was asked for; raise InvalidTrigger for none, or several."""
    given = [word for word, value in (("cron", cron), ("every", every), ("at", at)) if value is not None]
    if len(given) != 1:
        got = ", ".join(given) or "none"
        raise InvalidTrigger(f"The schedule {name!r} needs exactly one of cron, every and at; it has {got}.")
    if cron is not None:
        return triggers.cron(cron, timezone)
    if every is not None:
        return triggers.every(every)
    assert at is not None
    return triggers.at(at)


def schedule(
    task: FSMTask,
    name: str,
    trigger: triggers.Trigger,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    policies: Mapping[str, Any],
) -> Task | None:
    """Declare a schedule while apps load; write its row at once afterwards.

    Raise TypeError for what is no setting of a schedule, UnstorablePayload for arguments that cannot be stored.
    """
    _refuse_unknown(task, name, policies)
    declaration = Declaration(
        name=name,
        function=task.module_path,
        trigger=triggers.dump(trigger),
        args=tuple(checked(list(args), "args")),
        kwargs=checked(dict(kwargs), "kwargs"),
        policies={**registry.policies_of(task), **policies},
        requires=registry.requires_of(task),
    )
    if not apps.ready:
        registry.declare(declaration)
        return None
    from django_tasks_fsm.store.sync import write

    return write(declaration)


def _refuse_unknown(task: FSMTask, name: str, policies: Mapping[str, Any]) -> None:
    for given in policies:
        if given not in SETTINGS:
            raise TypeError(f"The schedule {name!r} has no setting {given!r}. Known: {', '.join(SETTINGS)}.")
    for field in ("run_after", "key", "graph", "prerequisites"):
        if getattr(task, field):
            raise TypeError(f"The schedule {name!r} cannot keep {field!r} of using(): its runs are made later.")

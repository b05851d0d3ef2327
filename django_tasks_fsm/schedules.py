"""Schedules that code declares, and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps

from django_tasks_fsm import registry
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.triggers.expression import seed_for
from django_tasks_fsm.core.triggers.quoting import quoted
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


WAYS = ("cron", "every", "at", "trigger")


def trigger_for(
    name: str,
    *,
    cron: str | None = None,
    every: timedelta | float | None = None,
    at: datetime | None = None,
    trigger: triggers.Trigger | None = None,
    timezone: str = "UTC",
    **options: Any,
) -> triggers.Trigger:
    """Return the one trigger that was asked for, with those ``options`` of it that are not None.

    Raise InvalidTrigger for none, for several, and for an option that does not fit.
    """
    given = [word for word, value in zip(WAYS, (cron, every, at, trigger), strict=True) if value is not None]
    if len(given) != 1:
        got = ", ".join(given) or "none"
        raise InvalidTrigger(f"The schedule {name!r} needs exactly one of {_listed(WAYS)}; it has {got}.")
    chosen = {word: value for word, value in options.items() if value is not None}
    _refuse_misfits(name, given[0], chosen)
    if cron is not None:
        return triggers.cron(cron, timezone, seed=seed_for(str(cron), name), **chosen)
    if every is not None:
        return triggers.every(every, **chosen)
    if at is not None:
        return triggers.at(at)
    if not isinstance(trigger, triggers.Trigger):
        raise InvalidTrigger(f"The trigger of the schedule {name!r} must be a Trigger, not {quoted(trigger)}.")
    return trigger


FITS = {
    "policy": ("cron",), "from_end": ("every",), "jitter": ("cron", "every"), "start": ("cron", "every"),
    "end": ("cron", "every"),
}  # fmt: skip
"""Which way of saying when a task fires takes which option."""


def _refuse_misfits(name: str, way: str, options: Iterable[str]) -> None:
    for word in options:
        if way not in FITS[word]:
            raise InvalidTrigger(f"The schedule {name!r} has {word}, which goes with {_listed(FITS[word])} only.")


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


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

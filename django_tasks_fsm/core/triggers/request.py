"""The one trigger that somebody asks for, by exactly one of several keywords."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.expression import seed_for
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

WAYS = ("cron", "every", "at", "trigger")

FITS = {
    "policy": ("cron",), "from_end": ("every",), "jitter": ("cron", "every"), "start": ("cron", "every"),
    "end": ("cron", "every"),
}  # fmt: skip
"""Which way of saying when a task fires takes which option."""


def trigger_for(
    name: str,
    *,
    cron: str | None = None,
    every: timedelta | float | None = None,
    at: datetime | None = None,
    trigger: Trigger | None = None,
    timezone: str = "UTC",
    **options: Any,
) -> Trigger:
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
    if not isinstance(trigger, Trigger):
        raise InvalidTrigger(f"The trigger of the schedule {name!r} must be a Trigger, not {quoted(trigger)}.")
    return trigger


def _refuse_misfits(name: str, way: str, options: Iterable[str]) -> None:
    for word in options:
        if word not in FITS:
            raise InvalidTrigger(f"The schedule {name!r} has no option {word!r}. Known: timezone, {', '.join(FITS)}.")
        if way not in FITS[word]:
            raise InvalidTrigger(f"The schedule {name!r} has {word}, which goes with {_listed(FITS[word])} only.")


def _listed(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)

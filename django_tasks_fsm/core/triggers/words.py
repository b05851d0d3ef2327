"""A trigger by the name of its kind and keywords: ``("cron", hour=10, minute=5)``, ``("interval", seconds=30)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.expression import seed_for
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidTrigger

UNITS = ("weeks", "days", "hours", "minutes", "seconds")
FIELDS = ("month", "day", "day_of_week", "hour", "minute", "second")
"""The fields of cron from the longest to the shortest; ``day_of_week`` is as long as ``day``."""
LEAST = {"day": "1", "hour": "0", "minute": "0"}
EITHER = {"start_at": "start", "end_at": "end"}
"""Two words for one thing."""


def by_kind(name: str, kind: str, said: Mapping[str, Any]) -> Trigger:
    """Return the trigger of this kind for the task ``name``; raise InvalidTrigger for what the kind does not take."""
    if kind not in KINDS:
        raise InvalidTrigger(
            f"There is no kind of trigger {quoted(kind)} for keywords: use one of {', '.join(KINDS)}, or give a "
            "Trigger as trigger=."
        )
    given = {EITHER.get(word, word): value for word, value in said.items() if value is not None}
    return KINDS[kind](name, given)


def _cron(name: str, said: dict[str, Any]) -> Trigger:
    _refuse_others("cron", said, (*FIELDS, "expression", "timezone", "policy", "start", "end", "jitter"))
    fields = {word: str(said.pop(word)) for word in FIELDS if word in said}
    expression = said.pop("expression", None)
    if (expression is None) == (not fields):
        raise InvalidTrigger(f"A cron trigger needs either some of the fields {', '.join(FIELDS)}, or an expression.")
    text = str(expression or _expression(fields))
    return triggers.cron(text, said.pop("timezone", "UTC"), seed=seed_for(text, name), **said)


def _expression(fields: Mapping[str, str]) -> str:
    """Write the fields down: those shorter than the shortest that is given have their least value, the others any."""
    for word, value in fields.items():
        if len(value.split()) != 1:
            raise InvalidTrigger(f"The field {word} of a cron trigger is {quoted(value)}, but must be one word.")
    shortest = max(FIELDS.index(word) for word in fields)
    whole = {
        word: fields.get(word, LEAST.get(word, "*") if number > shortest else "*") for number, word in enumerate(FIELDS)
    }
    order = ("minute", "hour", "day", "month", "day_of_week", *(("second",) if "second" in fields else ()))
    return " ".join(whole[word] for word in order)


def _interval(name: str, said: dict[str, Any]) -> Trigger:
    _refuse_others("interval", said, (*UNITS, "start", "end", "jitter", "from_end"))
    length = {word: said.pop(word) for word in UNITS if word in said}
    if not length:
        raise InvalidTrigger(f"An interval needs its length: some of {', '.join(UNITS)}.")
    try:
        return triggers.every(timedelta(**length), **said)
    except (TypeError, OverflowError) as error:
        raise InvalidTrigger(f"The interval {quoted(length)} cannot be used: {error}.") from None


def _once(name: str, said: dict[str, Any]) -> Trigger:
    _refuse_others("once", said, ("run_at", "at"))
    if len(said) != 1:
        raise InvalidTrigger("A trigger that fires once needs its time: run_at=.")
    return triggers.at(next(iter(said.values())))


def _refuse_others(kind: str, said: Iterable[str], known: Iterable[str]) -> None:
    for word in said:
        if word not in known:
            raise InvalidTrigger(f"A trigger of the kind {kind} has no {quoted(word)}. Known: {', '.join(known)}.")


KINDS: Mapping[str, Callable[[str, dict[str, Any]], Trigger]] = {
    "cron": _cron, "interval": _interval, "date": _once, "once": _once
}  # fmt: skip

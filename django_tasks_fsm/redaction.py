"""Payloads for people: without what looks like a secret, and without what their function declares as one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core.redaction import Redaction, words


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The names of a function's parameters: those in front, all, ``*rest`` and ``**others``."""

    front: tuple[str, ...] = ()
    every: tuple[str, ...] = ()
    rest: str = ""
    others: str = ""


def redaction_of(function: str) -> Redaction:
    """Return what is hidden of the payloads of a function; where it is not registered here, what looks secret."""
    declared: Any = getattr(registry.get(function), "sensitive", ())
    more = tuple(map(words, conf.options().sensitive))
    if declared is True:
        return Redaction(more=more, everything=True)
    return Redaction(frozenset(declared), more)


def masked(value: Any, function: str) -> Any:
    """Return a result, the metadata or a message of a run of this function as it may be shown."""
    return redaction_of(function).value(value)


def masked_args(args: Sequence[Any], function: str) -> list[Any]:
    """Return positional arguments as they may be shown: a parameter's name hides what is given for it."""
    taken = _parameters(function)
    return redaction_of(function).args(args, taken.front, taken.rest)


def masked_kwargs(kwargs: Mapping[str, Any], function: str) -> dict[str, Any]:
    """Return keyword arguments as they may be shown."""
    taken = _parameters(function)
    return redaction_of(function).kwargs(kwargs, taken.every, taken.others)


def as_shown(name: str, value: Any, function: str) -> Any:
    """Return the value of a column of a task or a run as it may be shown."""
    if name == "args" and isinstance(value, (list, tuple)):
        return masked_args(value, function)
    if name == "kwargs" and isinstance(value, Mapping):
        return masked_kwargs(value, function)
    return masked(value, function) if name in ("args", "kwargs") else value


def shown_payload(row: Any) -> dict[str, Any]:
    """Return the arguments of a task or a run as they may be shown, by column."""
    function = getattr(row, "function", None) or row.task.function
    return {name: as_shown(name, getattr(row, name), function) for name in ("args", "kwargs")}


def _parameters(function: str) -> _Parameters:
    task = registry.get(function)
    if task is None:
        return _Parameters()
    found = list(inspect.signature(task.func).parameters.values())[1 if task.takes_context else 0 :]
    stars = {one.kind: one.name for one in found if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)}
    rest, others = stars.get(Parameter.VAR_POSITIONAL, ""), stars.get(Parameter.VAR_KEYWORD, "")
    every = [one for one in found if one.name not in (rest, others)]
    # Without *rest, what is too much is hidden by the names that follow: the call fails, and the page still shows it.
    front = [one for one in every if not rest or one.kind is not Parameter.KEYWORD_ONLY]
    return _Parameters(tuple(one.name for one in front), tuple(one.name for one in every), rest, others)

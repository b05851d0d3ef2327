"""Arguments and results as text for people, with what looks like a secret left out."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.exceptions import FunctionNotRegistered

SECRET = re.compile("pass|secret|token|key|auth|cookie|session", re.IGNORECASE)
MASK = "\N{BULLET}" * 8
MOST = 20_000
"""Characters of one payload on a page."""


def masked(value: Any) -> Any:
    """Return a copy in which the values under telling keys are replaced, at any depth."""
    if isinstance(value, dict):
        return {key: MASK if SECRET.search(key) else masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def masked_args(args: Sequence[Any], function: str) -> list[Any]:
    """Return positional arguments, masked where the function's parameter has a telling name."""
    names = _parameters(function)
    named = [*names[: len(args)], *[""] * (len(args) - len(names))]
    return [MASK if SECRET.search(name) else masked(arg) for name, arg in zip(named, args, strict=True)]


def _parameters(function: str) -> list[str]:
    try:
        task = registry.find(function)
    except FunctionNotRegistered:
        return []
    names = list(inspect.signature(task.func).parameters)
    return names[1:] if task.takes_context else names


def pretty(value: Any) -> str:
    """Return JSON in lines, cut where it would be too long for a page."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if len(text) <= MOST:
        return text
    left = gettext("[%(count)d more characters]") % {"count": len(text) - MOST}
    return f"{text[:MOST]}\n{left}"

"""The key whose bearers are counted together: a text, or a function of a run's arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django_tasks_fsm.core.made_keys import LONGEST, KeyMaker, is_key, made_key
from django_tasks_fsm.exceptions import InvalidLimit

ConcurrencyKey = KeyMaker


def problem(key: object) -> str:
    """Return why this cannot be declared as a concurrency key; nothing if it can."""
    if key is None or callable(key) or is_key(key):
        return ""
    return f"concurrency_key must have 1 to {LONGEST} printable characters, or be a function, not {key!r}."


def concurrency_key(key: ConcurrencyKey | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Return the key of one run; a function may give None for a run that bears none. Raise InvalidLimit."""
    return made_key(key, args, kwargs, "concurrency_key", InvalidLimit)

"""Unique keys of runs: what they may be, and what an enqueue does that finds one borne already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django_tasks_fsm.exceptions import InvalidKey

LONGEST = 200

UniqueKey = str | Callable[..., str | None]


class OnKey(StrEnum):
    """What becomes of a request whose key an unfinished run bears; the first three are a project's choice.

    ``collapse`` is what ``trigger`` does: it keeps a run that waits, and lets one follow a run that is RUNNING.
    """

    RETURN = "return"
    RAISE = "raise"
    REPLACE = "replace"
    COLLAPSE = "collapse"
    RECREATE = "recreate"


CHOICES = (OnKey.RETURN.value, OnKey.RAISE.value, OnKey.REPLACE.value)
FOLLOWING = frozenset({OnKey.REPLACE, OnKey.COLLAPSE, OnKey.RECREATE})
"""By these a run may be made while another one of its key is RUNNING, and then waits for that."""


def is_key(value: object) -> bool:
    """Tell whether a run can bear this."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def key_of(key: UniqueKey | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Return the key of one run; a function may give None for a run without one. Raise InvalidKey."""
    if not callable(key):
        return key
    try:
        value = key(*args, **kwargs)
    except Exception as error:
        raise InvalidKey(f"The function for key raised {type(error).__name__}: {error}") from error
    if value is None or is_key(value):
        return value
    raise InvalidKey(
        f"The function for key returned {value!r}; it must return a text of 1 to {LONGEST} printable characters, or "
        "None for a run without a key."
    )


def trigger_key(name: str) -> str:
    """Return the key of the runs that are triggered of a task without a key of its own."""
    key = f"trigger:{name}"
    return key if is_key(key) else f"trigger:{hashlib.sha256(name.encode()).hexdigest()}"

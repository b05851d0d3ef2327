"""The key whose bearers are counted together: a text, or a function of a run's arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django_tasks_fsm.exceptions import InvalidLimit

LONGEST = 200

ConcurrencyKey = str | Callable[..., str | None]


def problem(key: object) -> str:
    """Return why this cannot be declared as a concurrency key; nothing if it can."""
    if key is None or callable(key) or _is_text(key):
        return ""
    return f"concurrency_key must have 1 to {LONGEST} printable characters, or be a function, not {key!r}."


def concurrency_key(key: ConcurrencyKey | None, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str | None:
    """Return the key of one run; a function may give None for a run that bears none. Raise InvalidLimit."""
    if not callable(key):
        return key
    try:
        value = key(*args, **kwargs)
    except Exception as error:
        raise InvalidLimit(f"The function for concurrency_key raised {type(error).__name__}: {error}") from error
    if value is None or _is_text(value):
        return value
    raise InvalidLimit(
        f"The function for concurrency_key returned {value!r}; it must return a text of 1 to {LONGEST} printable "
        "characters, or None."
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()

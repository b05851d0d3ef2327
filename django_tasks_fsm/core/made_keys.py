"""Keys that are texts, or made of a run's arguments by a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django_tasks_fsm.exceptions import InvalidKey, InvalidLimit

LONGEST = 200

KeyMaker = str | Callable[..., str | None]


def is_key(value: object) -> bool:
    """Tell whether a run can bear this."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def made_key(
    key: KeyMaker | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    option: str,
    error: type[InvalidKey] | type[InvalidLimit],
) -> str | None:
    """Return the key of one run; a function may give None for a run without one.

    Raises ``error``, naming the ``option`` that holds the function, where that raises or gives something else.
    """
    if not callable(key):
        return key
    try:
        value = key(*args, **kwargs)
    except Exception as problem:
        raise error(f"The function for {option} raised {type(problem).__name__}: {problem}") from problem
    if value is None or is_key(value):
        return value
    raise error(
        f"The function for {option} returned {value!r}; it must return a text of 1 to {LONGEST} printable "
        "characters, or None for a run without one."
    )

"""Values of command-line arguments, checked with a sentence."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.models.moments import stored


def positive_int(text: str) -> int:
    """Return a whole number above zero."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above zero.")
    return int(text)


def seconds(text: str) -> float:
    """Return a number of seconds, zero or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds.")
    return value


def interval(text: str) -> float:
    """Return a number of seconds above zero."""
    value = seconds(text)
    if not value:
        raise ArgumentTypeError("An interval is longer than 0 seconds.")
    return value


def queue_names(text: str) -> tuple[str, ...]:
    """Return the names in a list with commas, or ("*",)."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name != "*" and not QUEUE_NAME.fullmatch(name):
            raise ArgumentTypeError(
                f"{name!r} is not a queue name: use 1 to 64 letters, digits, dots, hyphens, underscores, or * for all."
            )
    if not names:
        raise ArgumentTypeError("Name at least one queue, or * for all.")
    return names


def moment(text: str) -> datetime:
    """Return an ISO 8601 time as its column holds it; one without an offset is in UTC."""
    try:
        found = datetime.fromisoformat(text)
        return stored(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is not a time: write it as 2026-10-24T12:00:00Z.") from None


def json_list(text: str) -> list[Any]:
    """Return the list that a JSON text holds."""
    value = _json(text)
    if not isinstance(value, list):
        raise ArgumentTypeError(f"{text!r} is not a JSON list, such as '[1, \"two\"]'.")
    return value


def json_object(text: str) -> dict[str, Any]:
    """Return the object that a JSON text holds."""
    value = _json(text)
    if not isinstance(value, dict):
        raise ArgumentTypeError(f"{text!r} is not a JSON object, such as '{{\"name\": 1}}'.")
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not JSON: {error}.") from None


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas, in capitals."""
    return tuple(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))

"""Values of command-line arguments, checked with a sentence."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError

from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.core.slots import HIGHEST_PRIORITY, LOWEST_PRIORITY
from django_tasks_fsm.models.moments import stored

NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
MOST = 1_000_000_000
SHOWN = 100
ELSEWHERE = ("arguments", "heartbeat_file", "keywords", "pythonpath", "settings")
"""Options that are not looked at here: payloads have an error of their own, and a path may hold any bytes."""


def positive_int(text: str, most: int = MOST) -> int:
    """Return a whole number above zero."""
    # By its length first: Python reads no number of more than 4,300 digits, and a database none of more than 19.
    if not text.isdecimal() or len(text) > len(str(most)) or not 0 < int(text) <= most:
        near = f", or is more than {most:,}" if text.isdecimal() and text.strip("0") else ""
        raise ArgumentTypeError(f"{cut(text)} is not a whole number above zero{near}.")
    return int(text)


def cut(text: str) -> str:
    """Return what was typed as it can be shown in a sentence: on one line, and not a screen of it."""
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def refuse_bytes(options: Mapping[str, Any]) -> None:
    """Raise CommandError for text that no database holds: NUL, and bytes that are no UTF-8."""
    for name, value in options.items():
        for text in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(text, str) and name not in ELSEWHERE and ("\x00" in text or not is_utf8(text)):
                raise CommandError(
                    f"{cut(text)} is not text in UTF-8, so nothing can bear it as a name or hold it as a reason. Type "
                    "it again, or set the terminal to UTF-8.",
                    returncode=2,
                )


def is_utf8(text: str) -> bool:
    """Tell whether a text can be encoded: a shell's other bytes come as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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


def reserved(text: str) -> tuple[int, int]:
    """Return a priority and how many slots are kept for it and above, from ``50=1``."""
    priority, _, slots = (part.strip() for part in text.partition("="))
    if not NUMBER.fullmatch(priority) or not LOWEST_PRIORITY <= int(priority) <= HIGHEST_PRIORITY:
        raise ArgumentTypeError(
            f"{text!r}: {priority!r} is not a priority from {LOWEST_PRIORITY} to {HIGHEST_PRIORITY}. Write 50=1 to "
            "keep one slot for priority 50 and above."
        )
    return int(priority), _slots(text, slots)


def queue_slots(text: str) -> tuple[str, int]:
    """Return a queue and how many slots may run it, from ``reports=1``."""
    name, _, slots = (part.strip() for part in text.partition("="))
    if not QUEUE_NAME.fullmatch(name):
        raise ArgumentTypeError(f"{text!r}: {name!r} is not the name of one queue. Write reports=1.")
    return name, _slots(text, slots)


def _slots(text: str, slots: str) -> int:
    try:
        return positive_int(slots)
    except ArgumentTypeError:
        raise ArgumentTypeError(f"{text!r}: {slots!r} is not a number of slots above zero.") from None


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
        raise ArgumentTypeError(f"{cut(text)} is not JSON: {error}.") from None
    except RecursionError:
        raise ArgumentTypeError(f"{cut(text)} is nested too deep to be read.") from None


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas, in capitals."""
    return tuple(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))

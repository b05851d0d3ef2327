"""Values of command-line arguments, checked with a sentence."""

from __future__ import annotations

from argparse import ArgumentTypeError

from django_tasks_fsm.core.names import QUEUE_NAME


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

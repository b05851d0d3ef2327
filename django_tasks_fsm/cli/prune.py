"""``tasks_fsm prune``: delete finished runs by age and state, in short transactions."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django_tasks_fsm.cli.arguments import positive_int
from django_tasks_fsm.cli.naming import add_common, database
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.store.prune import BATCH, prune

LONGEST = 8
"""Digits of an age: more would lie before any calendar."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(text: str) -> timedelta:
    """Return a duration such as 12h or 30d."""
    number, unit = text[:-1], text[-1:]
    if not number.isdecimal() or unit not in UNITS or len(number) > LONGEST:
        raise ArgumentTypeError(f"{text!r} is not an age: write a number and one of s, m, h, d, w, such as 30d.")
    return timedelta(**{UNITS[unit]: int(number)})


def states(text: str) -> tuple[RunState, ...]:
    """Return the final states named in a list with commas."""
    known = {state.value: state for state in FINAL}
    names = [part.strip().upper() for part in text.split(",")]
    for name in names:
        if name not in known:
            raise ArgumentTypeError(f"{name!r} is not a final state. Known: {', '.join(sorted(known))}.")
    return tuple(known[name] for name in names)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("--older-than", type=age, required=True, metavar="AGE", help="such as 12h, 30d")
    parser.add_argument("--state", type=states, default=(RunState.DONE,), metavar="A,B", help="default: DONE")
    parser.add_argument("--batch-size", type=positive_int, default=BATCH, metavar="N", help=f"default {BATCH}")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> None:
    """Delete until nothing is left to delete and say how many runs went."""
    using = database(options)
    keep = dict.fromkeys(options["state"], options["older_than"])
    deleted = 0
    while count := prune(keep, using, options["batch_size"]):
        deleted += count
    said = {"database": using, "deleted": deleted}
    write(json.dumps(said) if options["json"] else f"{deleted} runs deleted.")

"""What the suite is told about the database it runs on, and where such databases come from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass

PREFIX = "test_tasks_fsm_"
"""Test databases are called PREFIX + process id, so that runs beside each other do not meet."""


@dataclass(frozen=True)
class Database:
    """A database to test on: Django's vendor, its URL, and where it came from, for people."""

    vendor: str
    url: str
    source: str


class Unavailable(Exception):
    """Say in one line why a database cannot be had from a source."""

    def __init__(self, reason: object) -> None:
        super().__init__(" ".join(str(reason).split()))


Source = Callable[[], AbstractContextManager[Database]]


@contextmanager
def first_available(sources: Mapping[str, Source], forced: str | None) -> Iterator[Database]:
    """Give the database of the first source that has one, or of the forced source only."""
    if forced and forced not in sources:
        raise Unavailable(f"there is no source {forced!r}; choose one of {', '.join(sources)}")
    reasons = []
    with ExitStack() as stack:
        for name in [forced] if forced else sources:
            try:
                database = stack.enter_context(sources[name]())
            except Unavailable as reason:
                reasons.append(f"{name}: {reason}")
                continue
            yield database
            return
    raise Unavailable("; ".join(reasons))


def is_orphan(name: str) -> bool:
    """Return whether a database was made by a test process of this machine that is dead by now."""
    process = name.removeprefix(PREFIX).split("_")[0]
    if not name.startswith(PREFIX) or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False

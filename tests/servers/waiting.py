"""Wait for a condition with a deadline: the only place of the tests that polls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(predicate: Callable[[], T], seconds: float = 30.0, what: str = "") -> T:
    """Return the first true value of ``predicate``; raise AssertionError past the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := predicate()):
        if time.monotonic() >= deadline:
            name = what or getattr(predicate, "__qualname__", repr(predicate))
            raise AssertionError(f"Not within {seconds:g} s: {name} (last answer: {value!r})")
        pause.wait(0.02)
    return value

"""Pass on only as many progress reports as a person can read."""

from __future__ import annotations

import time
from collections.abc import Callable

from audit.verification import Progress

PAUSE = 0.2
"""Seconds between two reports: each is an UPDATE, and a verification makes one step per file."""


class Throttled:
    """Pass on a step when the pause since the last one is over, and always the last step."""

    def __init__(self, report: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._report, self._clock = report, clock
        self._due = clock() + PAUSE

    def __call__(self, done: int, total: int, note: str) -> None:
        """Take one step."""
        now = self._clock()
        if now >= self._due or done >= total:
            self._due = now + PAUSE
            self._report(done, total, note)

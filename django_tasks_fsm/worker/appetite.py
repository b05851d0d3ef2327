"""How many runs to claim: the free slots, and a little ahead while runs are short."""

from __future__ import annotations

import time

BATCH = 100
"""Runs in one claim: larger batches gain nothing, smaller ones pay a commit for too few."""
AHEAD_SECONDS = 0.02
"""Prefetch what the last turns would have consumed in this time; long runs therefore prefetch nothing."""


class Appetite:
    """Follow the rate at which outcomes come in."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self._rate = 0.0
        self._last = time.monotonic()

    def finished(self, count: int) -> None:
        """Take note of a turn that wrote ``count`` outcomes."""
        now = time.monotonic()
        elapsed = max(now - self._last, 1e-4)
        self._last = now
        self._rate = (self._rate + count / elapsed) / 2

    def room(self, held: int) -> int:
        """Return how many runs to claim while ``held`` are claimed and not finished."""
        ahead = min(2 * BATCH, int(self._rate * AHEAD_SECONDS))
        return max(0, min(BATCH, self.concurrency + ahead - held))

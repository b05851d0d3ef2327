"""How long an attempt has taken; the time in which it rests does not count."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Count against a limit, if there is one."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._deadline: float | None = None
        self._began: float | None = None
        self._stopped_at: float | None = None
        self.loop_limit: asyncio.Timeout | None = None
        """What cancels a coroutine at the limit; it is put off by the same time."""

    def begin(self) -> None:
        """Start: time that a claimed run waited for a thread does not count."""
        self._began = time.monotonic()
        if self._limit is not None:
            self._deadline = self._began + self._limit

    @property
    def since_start(self) -> float:
        """Return the seconds since the beginning, rests included."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def overrun(self) -> float:
        """Return the seconds since the limit; less than zero before it, and without one."""
        now = time.monotonic() if self._stopped_at is None else self._stopped_at
        return -math.inf if self._deadline is None else now - self._deadline

    @property
    def is_stopped(self) -> bool:
        """Tell whether the run rests."""
        return self._stopped_at is not None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Do not count the time inside."""
        self._stopped_at = began = time.monotonic()
        until = self.loop_limit.when() if self.loop_limit is not None else None
        self._put_off(None if until is None else math.inf)
        try:
            yield
        finally:
            rested = time.monotonic() - began
            if self._deadline is not None:
                self._deadline += rested
            self._stopped_at = None
            self._put_off(None if until is None else until + rested)

    def _put_off(self, until: float | None) -> None:
        if self.loop_limit is not None and until is not None:
            self.loop_limit.reschedule(None if until == math.inf else until)

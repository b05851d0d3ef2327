"""Which queues to claim from, read again every second."""

from __future__ import annotations

import time

from django_tasks_fsm.store.workers import open_queues

FRESH_SECONDS = 1.0


class Lanes:
    """The open queues of one worker: a pause takes effect, and a new queue is served, within a second."""

    def __init__(self, wanted: tuple[str, ...], excluded: tuple[str, ...], using: str) -> None:
        self.wanted, self.excluded = wanted, excluded
        self._using = using
        self._names: tuple[str, ...] = ()
        self._read_at = 0.0

    def open(self) -> tuple[str, ...]:
        """Return the names."""
        now = time.monotonic()
        if now - self._read_at >= FRESH_SECONDS or not self._names:
            self._names = open_queues(self.wanted, self.excluded, self._using)
            self._read_at = now
        return self._names

    def forget(self) -> None:
        """Read the names again at the next look."""
        self._names = ()

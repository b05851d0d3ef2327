"""Definitions of tasks, read again every second so that an edit in the admin is seen."""

from __future__ import annotations

import time
from collections.abc import Iterable

from django_tasks_fsm.store.definitions import Definition, definitions

FRESH_SECONDS = 1.0


class Book:
    """A cache of definitions by task id."""

    def __init__(self, using: str) -> None:
        self._using = using
        self._known: dict[int, Definition] = {}
        self._read_at = 0.0

    def look_up(self, ids: Iterable[int]) -> dict[int, Definition]:
        """Return the definitions of these tasks; one query when any is unknown or all are older than a second."""
        wanted = set(ids)
        now = time.monotonic()
        if now - self._read_at >= FRESH_SECONDS:
            self._known.clear()
            self._read_at = now
        if missing := wanted - self._known.keys():
            self._known |= definitions(missing, self._using)
        return self._known

"""Renew the lease, whatever the rest of the worker is doing, and bring back who should stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connections

from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.store import workers
from django_tasks_fsm.store.workers import Beat, Identity, Vitals
from django_tasks_fsm.worker.bell import Bell

logger = logging.getLogger("django_tasks_fsm")

LOOK_GAP = 0.05
"""Seconds between two looks: a database that many write to calls all the time."""


class Heart:
    """A thread with a connection of its own: a task that blocks the loop costs no lease."""

    def __init__(
        self,
        identity: Identity,
        using: str,
        seconds: float,
        told: Callable[[Beat, float], None],
        file: str | None = None,
        vitals: Callable[[], Vitals] | None = None,
    ) -> None:
        self._identity, self._using, self._seconds, self._told = identity, using, seconds, told
        self._file = Path(file) if file else None
        self._vitals = vitals
        self._end = threading.Event()
        self._call = Bell()
        self._thread: threading.Thread | None = None
        self.last_beat = time.monotonic()

    def start(self) -> None:
        """Beat in a thread from now on."""
        self._thread = threading.Thread(target=self._live, name="tasks-fsm-heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close its connection."""
        self._end.set()
        self._call.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def beat(self) -> None:
        """Beat once, in the calling thread."""
        began = time.monotonic()
        failpoint("beat.before")
        learned = workers.beat(self._identity, self._using, self._vitals() if self._vitals else None)
        self.last_beat = began
        self._told(learned, began)
        if self._file is not None:
            self._touch(self._file)

    def look_soon(self) -> None:
        """Ask the thread to look, before the next beat, who should stop; callable from every thread."""
        self._call.set()

    def _touch(self, file: Path) -> None:
        try:
            file.touch()
        except OSError as error:
            logger.warning("The heartbeat file cannot be touched: %s", error)

    @property
    def silence(self) -> float:
        """Return the seconds since the last heartbeat that the database has stored."""
        return time.monotonic() - self.last_beat

    def _live(self) -> None:
        while not self._end.is_set():
            self._safely(self.beat)
            self._rest()
        connections[self._using].close()

    def _safely(self, step: Callable[[], None]) -> None:
        try:
            step()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Heartbeat failed, trying again: %s", error)
            connections[self._using].close()

    def _rest(self) -> None:
        """Wait for the next beat, and look whenever somebody calls."""
        due = time.monotonic() + self._seconds
        while not self._end.is_set() and (left := due - time.monotonic()) > 0:
            if self._call.wait(left) and not self._end.is_set():
                self._call.clear()
                self._safely(self._look)
                self._end.wait(LOOK_GAP)

    def _look(self) -> None:
        began = time.monotonic()
        self._told(workers.look(self._identity, self._using), began)

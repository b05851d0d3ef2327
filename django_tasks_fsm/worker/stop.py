"""The wish to stop, and how urgent it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from django_tasks_fsm.worker.bell import Bell


class StopSwitch:
    """Count wishes to stop: the first asks to finish what is in hand, the second to drop everything now."""

    def __init__(self) -> None:
        self._wishes = 0
        self._asked_at = 0.0
        self._asked = Bell()
        self._listeners: list[Callable[[], None]] = []
        self.reason = ""

    def ask(self, reason: str, *, now: bool = False) -> None:
        """Wish for the end. Safe in a signal handler: it sets a number and a bell, and raises nothing."""
        # No lock: a handler may interrupt the thread that holds it. An int that only grows needs none.
        self._asked_at = self._asked_at or time.monotonic()
        self._wishes = 2 if now else self._wishes + 1
        self.reason = self.reason or reason
        self._asked.set()
        for listener in self._listeners:
            listener()

    def on_ask(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` at every wish, from whichever thread makes it."""
        self._listeners.append(listener)

    def wait(self, seconds: float) -> None:
        """Wait, at most until somebody wishes for the end."""
        self._asked.wait(seconds)

    def deadline(self, grace: float) -> float:
        """Return when the grace is over, on the monotonic clock: it counts from the first wish, or else from now."""
        return (self._asked_at or time.monotonic()) + grace

    @property
    def asked(self) -> bool:
        """Tell whether to stop."""
        return self._wishes > 0

    @property
    def at_once(self) -> bool:
        """Tell whether to stop without waiting for what is running."""
        return self._wishes > 1

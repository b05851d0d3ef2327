"""An event that a signal handler may set."""

from __future__ import annotations

import queue


class Bell:
    """Do what threading.Event does, for one waiting thread.

    Event.set takes a lock; in a signal handler it waits for ever when the interrupted thread holds that lock, which it
    does for a moment at each wait. SimpleQueue.put is reentrant.
    """

    def __init__(self) -> None:
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._rung = False

    def set(self) -> None:
        """End the present wait, or the next one; callable from every thread and from a signal handler."""
        if not self._rung:
            self._rung = True
            self._rings.put(None)

    def clear(self) -> None:
        """Forget that it was set."""
        self._rung = False
        while not self._rings.empty():
            self._rings.get()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set, at most ``seconds``; return whether it is."""
        if not self._rung:
            try:
                self._rings.get(timeout=max(0.0, seconds))
            except queue.Empty:
                return self._rung
        return True

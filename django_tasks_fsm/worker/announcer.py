"""Send Django's task signals, off the loop: a receiver that is slow or raises costs neither a claim nor a result."""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
from collections.abc import Callable

from django.db import close_old_connections

logger = logging.getLogger("django_tasks_fsm")

_here = threading.local()


class Announcer:
    """Call things one after another in a thread of its own, or at once when it is ``inline``."""

    def __init__(self, inline: bool = False) -> None:
        self._inline = inline
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="tasks-fsm-signals", daemon=True)

    def start(self) -> None:
        """Begin; from now on this thread, which is the worker's loop, delivers through this announcer."""
        _here.announcer = self
        if not self._inline:
            self._thread.start()

    @property
    def backlog(self) -> int:
        """Return how many calls wait to be made."""
        return self._calls.qsize()

    def put(self, call: Callable[[], None]) -> None:
        """Have ``call`` made soon, after all that were put before."""
        if self._inline:
            self.safely(call)
        else:
            self._calls.put(call)

    def stop(self, seconds: float) -> None:
        """Make the calls that wait, for at most ``seconds``, and end."""
        _here.announcer = None
        if self._inline:
            return
        self._calls.put(None)
        self._thread.join(timeout=seconds)
        if self._thread.is_alive():
            logger.warning("Receivers of task signals are slow: %d signals were not sent.", max(0, self.backlog - 1))

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self.safely(call)
            close_old_connections()

    def safely(self, call: Callable[[], None]) -> None:
        """Make ``call`` now; raise nothing."""
        try:
            # A language or time zone that a receiver activates must not stay for the next one.
            contextvars.copy_context().run(call)
        except BaseException:  # a receiver's mistake, sys.exit() among them, is reported, and the next call made
            logger.exception("A receiver of a task signal failed.")


def deliver(call: Callable[[], None]) -> None:
    """Make ``call`` through the announcer of the worker whose loop this thread is, or at once in any other thread."""
    announcer: Announcer | None = getattr(_here, "announcer", None)
    if announcer is None:
        call()
    else:
        announcer.put(call)

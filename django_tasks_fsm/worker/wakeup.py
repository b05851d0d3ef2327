"""What ends an idle worker's sleep early: this process, another one, or a message of the database."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from django_tasks_fsm import signals
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import CALL, Listener, call_for
from django_tasks_fsm.worker.bell import Bell

logger = logging.getLogger("django_tasks_fsm")

COUNTER_FAST, COUNTER_SLOW = 0.005, 0.02
"""Seconds between two looks at a change counter: right after something happened, and when all is quiet."""
QUIET_AFTER = 1.0
LISTEN_SLICE = 1.0
RECONNECT_AFTER = 5.0


class WakeUp:
    """A bell that several sources set; ``sleep`` returns when one does.

    ``called`` is called, in any thread, when somebody may want something of the runs that worker ``me`` holds.
    """

    def __init__(
        self, using: str, channel: str, me: uuid.UUID | None = None, called: Callable[[], None] = lambda: None
    ) -> None:
        self._using, self._channel, self._me, self._called = using, channel, me, called
        self.event = Bell()
        self._counter: Callable[[], int] | None = None
        self._count = 0
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_change = time.monotonic()

    def start(self) -> None:
        """Connect the sources. Call it in the thread that will sleep: the change counter is that connection's."""
        signals.work_ready.connect(self._ready, weak=False, dispatch_uid=self)
        signals.workers_called.connect(self._on_call, weak=False, dispatch_uid=self)
        self._thread = threading.Thread(target=self._listen, name="tasks-fsm-listen", daemon=True)
        self._thread.start()
        self.connect()

    def connect(self) -> None:
        """Watch the change counter of this thread's connection."""
        self._counter = for_alias(self._using).change_counter()
        self._count = self._counter() if self._counter else 0

    def disconnect(self) -> None:
        """Forget the change counter: its connection is gone, and asking it would raise."""
        self._counter = None

    def stop(self) -> None:
        """Disconnect the sources; the listening thread ends by itself within a second."""
        signals.work_ready.disconnect(dispatch_uid=self)
        signals.workers_called.disconnect(dispatch_uid=self)
        self._end.set()

    def set(self) -> None:
        """End the sleep now; safe in a signal handler."""
        self.event.set()

    def sleep(self, seconds: float) -> bool:
        """Sleep until something happens, at most ``seconds``; return whether something did."""
        deadline = time.monotonic() + seconds
        happened = False
        while not happened and (left := deadline - time.monotonic()) > 0:
            happened = self._changed() or self.event.wait(min(left, self._slice()))
        self.event.clear()
        return happened

    def _slice(self) -> float:
        if self._counter is None:
            return LISTEN_SLICE * 3600
        return COUNTER_FAST if time.monotonic() - self._last_change < QUIET_AFTER else COUNTER_SLOW

    def _changed(self) -> bool:
        if self._counter is None:
            return False
        count = self._counter()
        changed, self._count = count != self._count, count
        if changed:
            self._last_change = time.monotonic()
            self._called()
        return changed

    def notice(self) -> None:
        """Look at the change counter without sleeping: a worker that is busy hears calls too."""
        self._changed()

    def _ready(self, **kwargs: Any) -> None:
        self.event.set()

    def _on_call(self, workers: frozenset[uuid.UUID], **kwargs: Any) -> None:
        if self._me in workers:
            self._called()

    def _hear(self, message: str) -> None:
        if not message.startswith(CALL):
            self.event.set()
        elif self._me is not None and message == call_for(self._me):
            self._called()

    def _listen(self) -> None:
        listener: Listener | None = None
        while not self._end.is_set():
            try:
                if listener is None:
                    listener = for_alias(self._using).listen(self._channel)
                    if listener is None:
                        return
                    self.event.set()  # somebody may have called while nobody listened
                    self._called()
                if (message := listener.wait(LISTEN_SLICE)) is not None:
                    self._hear(message)
            except Exception as error:  # whatever the driver raises: without messages the poll still finds the work
                logger.warning("Not listening for wake-ups, polling instead: %s", error)
                listener = None
                self._end.wait(RECONNECT_AFTER)
        if listener is not None:
            listener.close()

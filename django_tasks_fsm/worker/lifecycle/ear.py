"""How a service hears from the worker's loop, between its steps and while it waits for the next one."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django_tasks_fsm.store.services import Notice


class Ear:
    """Any thread may tell; the service alone listens, on a thread or on an event loop."""

    def __init__(self) -> None:
        self.is_brief = False
        """Whether it lives for one tick only, as it does in tests, which run it in their own thread."""
        self.release_reason = ""
        self.has_messages = False
        self._notice: Notice | None = None
        self._asked_at = self._told_at = 0.0
        self._bell = threading.Event()
        self._alarm: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def tell(self, notice: Notice, asked_at: float) -> None:
        """Pass on what the database says; ``asked_at``, on the monotonic clock, is when it was asked."""
        before, self._notice = self._notice, notice
        self._asked_at, self._told_at = asked_at, time.monotonic()
        self.has_messages = self.has_messages or notice.has_messages
        if before is None or notice.has_messages or (before.stop, before.rests, before.trigger) != _wishes(notice):
            self.ring()

    def release(self, reason: str) -> None:
        """Ask it to clean up and to be given back."""
        self.release_reason = reason
        self.ring()

    def ring(self) -> None:
        """End its present wait, or the next one."""
        self._bell.set()
        loop, alarm = self._loop, self._alarm
        if loop is not None and alarm is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(alarm.set)

    def wait(self, seconds: float | None) -> None:
        """Wait until the bell rings, at most so long."""
        self._bell.wait(seconds)
        self._bell.clear()

    async def await_bell(self, seconds: float | None) -> None:
        """Do as ``wait`` on an event loop."""
        if self._alarm is None:
            self._alarm, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if not self._bell.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._alarm.wait()
        self._alarm.clear()
        self._bell.clear()

    @property
    def stop(self) -> str:
        """Return why it should end for good, if it should."""
        return self._notice.stop if self._notice is not None else ""

    @property
    def rests(self) -> bool:
        """Tell whether it should wait without ticking."""
        return self._notice is not None and self._notice.rests

    @property
    def trigger(self) -> dict[str, Any]:
        """Return by what it ticks."""
        return self._notice.trigger if self._notice is not None else {}

    @property
    def silence(self) -> float:
        """Return the seconds since the database was asked when it last said that the run is this worker's.

        Not since it said so: a process that is frozen before it has read the answer reads what was true long ago.
        """
        return time.monotonic() - self._asked_at

    def now(self) -> datetime:
        """Return the database's time, as far as it can be told without asking."""
        if self._notice is None:
            raise RuntimeError("Nobody has told the time yet.")
        return self._notice.now + timedelta(seconds=time.monotonic() - self._told_at)


def _wishes(notice: Notice) -> tuple[str, bool, dict[str, Any]]:
    return notice.stop, notice.rests, notice.trigger

"""From operating system signals to the wish to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Switch(Protocol):
    """What can be asked to stop."""

    def ask(self, reason: str) -> None:
        """Wish for the end."""


@contextmanager
def stop_on_signals(switch: Switch) -> Iterator[None]:
    """Turn SIGTERM and SIGINT into wishes while the block runs, and restore the former handlers after it.

    Outside the main thread Python allows no handlers, and none are installed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        switch.ask(f"signal {signal.Signals(number).name}")

    former = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)

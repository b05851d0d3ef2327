"""The handlers of the signals by which a process is asked to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("django_tasks_fsm")

STOPPING = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def kept(label: str) -> Iterator[None]:
    """Put back the handlers that the function of the run ``label`` changes inside the block, and say so.

    Outside the main thread Python lets no function change any.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None is a handler that was not installed from Python, and that Python cannot install either.
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
                logger.warning("Run %s left a handler of its own for %s; ours is back.", label, number.name)

"""A worker outlives the handlers of its log."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

logger = logging.getLogger("django_tasks_fsm")


class Steady(logging.Filter):
    """Hand each record to the handlers itself, and say no: what a handler raises then ends nobody who logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        try:
            logger.callHandlers(record)
        except Exception:  # a full disk, a closed socket, a bug: none of it is the business of who logs
            self._tell()
        return False

    def _tell(self) -> None:
        # As handlers do that treat their own errors.
        if logging.raiseExceptions and sys.stderr is not None:
            with suppress(Exception):  # stderr may be closed
                traceback.print_exc(file=sys.stderr)


STEADY = Steady()
_lock = threading.Lock()
_workers = 0


@contextmanager
def steady_log() -> Iterator[None]:
    """Keep what handlers of this app's log raise from whoever logs inside the block, in any thread."""
    global _workers
    with _lock:
        _workers += 1
        logger.addFilter(STEADY)
    try:
        yield
    finally:
        with _lock:
            _workers -= 1
            if not _workers:
                logger.removeFilter(STEADY)

"""When a process has grown too big: it finishes what it has in hand and makes room for a fresh one."""

from __future__ import annotations

import logging
import time

from django_tasks_fsm.worker import memory
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle

logger = logging.getLogger("django_tasks_fsm")

AGAIN = 75
"""The exit code by which a child asks its supervisor for another one in its place: EX_TEMPFAIL of sysexits.h."""
MEGABYTE = 1024 * 1024
REMIND_EVERY = 300.0


class Recycling:
    """Look at the memory now and then; what is in hand is waited for without a limit, as long as nobody wants a stop.

    A grace would not do: a run that takes longer, and more memory, would be given back and begun again for ever.
    """

    def __init__(self, config: WorkerConfig, cycle: Cycle) -> None:
        self._config, self._cycle = config, cycle
        self._is_too_small = False
        self._remind_at = 0.0
        self.is_wanted = False

    def look(self) -> None:
        """Decide whether the process has grown too big."""
        most = self._config.max_rss
        if most is None:
            return
        if self.is_wanted:
            self._remind()
        elif (rss := memory.resident()) is not None and rss > most:
            self._exceeded(rss // MEGABYTE, most // MEGABYTE)

    def _exceeded(self, rss: int, most: int) -> None:
        if self._cycle.finished:
            self.is_wanted, self._remind_at = True, time.monotonic() + REMIND_EVERY
            logger.warning(
                "Worker %s takes %d MB, more than --max-rss=%d: it finishes %d runs and ends.",
                self._config.name, rss, most, self._cycle.hand.ordinary,
            )  # fmt: skip
            self._cycle.release_unstarted("the worker makes room for a fresh one")
        elif not self._is_too_small and not self._cycle.hand.ordinary:
            self._is_too_small = True
            logger.error("--max-rss=%d is too small: worker %s takes %d MB before its first run.",
                         most, self._config.name, rss)  # fmt: skip

    def _remind(self) -> None:
        if time.monotonic() >= self._remind_at:
            self._remind_at = time.monotonic() + REMIND_EVERY
            logger.warning("Worker %s still waits for %d runs to end.", self._config.name, self._cycle.hand.ordinary)

    @property
    def is_due(self) -> bool:
        """Tell whether it is time to go: nothing is in hand any more."""
        return self.is_wanted and not self._cycle.hand.ordinary and not self._cycle.waiting

    def wants_successor(self) -> bool:
        """Tell whether a supervisor should start another process in this one's place."""
        config = self._config
        has_run_enough = config.max_tasks is not None and self._cycle.finished >= config.max_tasks
        return config.parent_pid is not None and (self.is_wanted or (has_run_enough and not config.burst))

"""Whether this worker keeps up: all its slots are taken, and runs wait for longer than they should."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django_tasks_fsm import conf
from django_tasks_fsm.store.backlog import backlog
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle

logger = logging.getLogger("django_tasks_fsm")

LOOK_EVERY = 5.0


class Saturation:
    """Look while there is no free slot, never otherwise; the heart tells the database."""

    def __init__(self, config: WorkerConfig, cycle: Cycle, queues: Callable[[], tuple[str, ...]]) -> None:
        self._config, self._cycle, self._queues = config, cycle, queues
        self._since: float | None = None
        self._look_at = 0.0

    @property
    def seconds(self) -> float | None:
        """Return for how long it has been saturated; None where it is not."""
        since = self._since
        return None if since is None else time.monotonic() - since

    def look(self) -> None:
        """Decide anew."""
        now, after = time.monotonic(), conf.options().saturation_seconds
        if not self._cycle.slots.are_taken:
            self._over()
        elif now >= self._look_at:
            self._look_at = now + min(LOOK_EVERY, after)
            waiting = backlog(self._queues(), self._config.using)
            if waiting.oldest <= after:
                self._over()
            elif self._since is None:
                self._since = now
                self._warn(waiting.count, waiting.oldest)

    def _warn(self, count: int, oldest: float) -> None:
        logger.warning(
            "Worker %s is saturated: its %d slots are taken, and of %d runs that are ready one has been due for "
            "%.0f s. Give it more slots (manage.py tasks_fsm resize %s N), start more workers, or look for runs that "
            "take too long.",
            self._config.name,
            self._cycle.slots.concurrency,
            count,
            oldest,
            self._config.name,
        )

    def _over(self) -> None:
        if self._since is not None:
            logger.info("Worker %s is not saturated any more.", self._config.name)
        self._since = None

"""What people want of this worker, as its row says: heard by its heart, obeyed by its loop."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django_tasks_fsm.core.slots import kept
from django_tasks_fsm.store.workers import Wishes
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle

logger = logging.getLogger("django_tasks_fsm")


class Orders:
    """Size and pause; ``wake`` ends the sleep of the loop when there is something new."""

    def __init__(self, config: WorkerConfig, cycle: Cycle, wake: Callable[[], None]) -> None:
        self._config, self._cycle, self._wake = config, cycle, wake
        self._heard = self._obeyed = Wishes(is_paused=config.paused)

    @property
    def is_paused(self) -> bool:
        """Tell whether nothing should be claimed."""
        return self._heard.is_paused

    def hear(self, wishes: Wishes | None) -> None:
        """Take note, in any thread; None where the row is not there."""
        if wishes is not None and wishes != self._heard:
            self._heard = wishes
            self._wake()

    def obey(self) -> None:
        """Do what is new, in the loop's thread."""
        wishes, before = self._heard, self._obeyed
        if wishes == before:
            return
        self._obeyed = wishes
        self._resize(wishes.concurrency or self._config.concurrency)
        if wishes.is_paused and not before.is_paused:
            self._cycle.release_unstarted("the worker is paused")
        if wishes.is_paused != before.is_paused:
            what = "is paused: it starts nothing" if wishes.is_paused else "goes on"
            logger.info("Worker %s %s.", self._config.name, what)

    def _resize(self, wanted: int) -> None:
        # One slot at least is for everybody.
        slots, before = max(wanted, kept(self._config.reserve) + 1), self._cycle.slots.concurrency
        if slots != before:
            self._cycle.slots.resize(slots)
            logger.info("Worker %s has %d slots now instead of %d.", self._config.name, slots, before)

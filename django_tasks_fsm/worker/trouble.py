"""Outages of the database: waited out, longer each time, for as long as they last."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError

from django_tasks_fsm.core.dice import DICE
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.duties import Duties
from django_tasks_fsm.worker.wakeup import WakeUp

logger = logging.getLogger("django_tasks_fsm")

OUTAGE = (DatabaseError, InterfaceError)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0


class Trouble:
    """Guard the steps of the loop; ``pause`` waits for so many seconds, or until the worker is asked to stop."""

    def __init__(self, cycle: Cycle, wakeup: WakeUp, duties: Duties, pause: Callable[[float], None]) -> None:
        self._cycle, self._wakeup, self._duties, self._pause = cycle, wakeup, duties, pause
        self._outages = 0

    def guard(self, step: Callable[[], None]) -> None:
        """Do a step; when the database is away, pause and let the caller try again."""
        try:
            step()
        except OUTAGE as error:
            self._wait_out(error)
        else:
            self._recover()

    def _wait_out(self, error: Exception) -> None:
        self._outages += 1
        # At random, so that workers that lost the same server do not come back to it all at the same moment.
        seconds = DICE.uniform(0.5, 1.0) * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._outages, 10))
        logger.warning("The database does not answer, trying again in %.1f s: %s", seconds, error)
        self._cycle.reconnect()
        self._wakeup.disconnect()
        self._duties.after_outage()
        self._pause(seconds)

    def _recover(self) -> None:
        if self._outages:
            logger.info("The database answers again.")
            self._outages = 0
            self._wakeup.connect()

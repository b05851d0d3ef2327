"""How a worker goes: it claims nothing more, waits for what is running, and gives back what takes too long."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.trouble import OUTAGE
from django_tasks_fsm.worker.wakeup import WakeUp

logger = logging.getLogger("django_tasks_fsm")

Guard = Callable[[Callable[[], None]], None]


class Going:
    """The last steps of one worker; ``guard`` does a step and waits out an outage."""

    def __init__(self, config: WorkerConfig, switch: StopSwitch, cycle: Cycle, wakeup: WakeUp, guard: Guard) -> None:
        self._config, self._switch, self._cycle, self._wakeup, self._guard = config, switch, cycle, wakeup, guard
        self._has_given_back = False

    def drain(self) -> None:
        """Wait for what is in hand, for the grace at most, and give the rest back."""
        logger.info("Worker %s stops: %s.", self._config.name, self._switch.reason or "its work is done")
        deadline = time.monotonic() + self._config.grace
        self._cycle.release_unstarted("the worker stops")
        while len(self._cycle.hand) and time.monotonic() < deadline and not self._switch.at_once:
            self._guard(self._flush)
            if len(self._cycle.hand):
                self._wakeup.sleep(0.05 if self._cycle.waiting else self._nap(deadline))
        if len(self._cycle.hand):
            self._give_back()

    def _nap(self, deadline: float) -> float:
        again = 1.0 if self._cycle.again_in is None else self._cycle.again_in
        return min(1.0, again, max(0.0, deadline - time.monotonic()))

    @property
    def leaves_functions(self) -> bool:
        """Tell whether functions may still be running whose runs were given back or given up."""
        return self._has_given_back or self._cycle.stuck > 0

    def _flush(self) -> None:
        self._cycle.give_up_overdue()
        while any(self._cycle.turn(())):
            pass

    def _give_back(self) -> None:
        self._has_given_back = True
        logger.warning("Giving back %d runs that have not ended in time.", len(self._cycle.hand))
        self._flush_or_log()
        self._cycle.release_all("the worker stopped before it ended")
        self._flush_or_log()

    def _flush_or_log(self) -> None:
        try:
            self._flush()
        except OUTAGE as error:
            logger.error("Not given back, the runs will be rescued after the lease: %s", error)

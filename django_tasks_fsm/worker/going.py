"""How a worker goes: it claims nothing more, waits for what is running, and gives back what takes too long."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.life import Life
from django_tasks_fsm.worker.lifecycle.touch import Touch
from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.trouble import OUTAGE
from django_tasks_fsm.worker.wakeup import WakeUp

logger = logging.getLogger("django_tasks_fsm")

Guard = Callable[[Callable[[], None]], None]

TRIES = 3
AGAIN = 0.05
"""Seconds between two tries when the database does not take what it is given."""


class Going:
    """The last steps of one worker; ``guard`` does a step and waits out an outage."""

    def __init__(
        self,
        config: WorkerConfig,
        switch: StopSwitch,
        cycle: Cycle,
        wakeup: WakeUp,
        guard: Guard,
        life: Life,
        touch: Touch,
    ) -> None:
        self._config, self._switch, self._cycle, self._wakeup, self._guard = config, switch, cycle, wakeup, guard
        self._life, self._touch = life, touch
        self._has_given_back = False

    def drain(self) -> None:
        """Wait for what is in hand, for the grace at most, and give the rest back.

        What the end of a worker fires is run in what is left of the grace, when nothing else is in hand any more.
        """
        logger.info("Worker %s stops: %s.", self._config.name, self._switch.reason or "its work is done")
        deadline = self._switch.deadline(self._config.grace)
        self._guard(lambda: failpoint("stop.signalled"))
        self._cycle.release_unstarted("the worker stops")
        self._touch.release("the worker stops")
        self._wait_for_hand(deadline)
        self._fire_stop(deadline)
        self._wait_for_hand(deadline)
        if len(self._cycle.hand):
            self._give_back()

    def _fire_stop(self, deadline: float) -> None:
        # A database that is away need not hold up the end for the whole grace: nothing is in hand. One try is made even
        # when the grace is over: another worker runs what this one has no time for.
        left = 0 if self._is_busy() or self._switch.at_once else TRIES
        while left and (left == TRIES or self._has_time(deadline)) and not self._life.has_fired("stop"):
            self._guard(lambda: self._life.fire("stop"))
            left -= 1

    def _has_time(self, deadline: float) -> bool:
        return time.monotonic() < deadline and not self._switch.at_once

    def _is_busy(self) -> bool:
        return bool(len(self._cycle.hand) or self._cycle.waiting)

    def _wait_for_hand(self, deadline: float) -> None:
        while self._is_busy() and self._has_time(deadline):
            self._guard(self._flush)
            if self._is_busy():
                self._wakeup.sleep(AGAIN if self._cycle.waiting else self._nap(deadline))

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

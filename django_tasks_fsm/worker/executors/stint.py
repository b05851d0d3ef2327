"""One job in a child process, watched until it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event

from django_tasks_fsm.core.lines import Line
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import WorkerLost
from django_tasks_fsm.worker import errand
from django_tasks_fsm.worker.executors.leash import Leash
from django_tasks_fsm.worker.listening import pass_on
from django_tasks_fsm.worker.runner import Job, broken_off, given_up

logger = logging.getLogger("django_tasks_fsm")

TICK = 0.1
POLITE = 1.0
"""Seconds in which a function may stop by itself after it was told, or after its timeout; then it is broken off."""
GRACE = 1.0
"""Seconds in which one that was broken off may tidy up; then its process is killed."""
KILLED = "its process was killed"


class Stint:
    """A function that does not stop in time is broken off, and then killed with its process."""

    def __init__(self, job: Job, leash: Leash, began: Callable[[Job], None], ending: Event) -> None:
        self._job, self._leash, self._began, self._ending = job, leash, began, ending
        self.has_begun = False
        self._told_at: float | None = None
        self._broken_off = self._killed = False
        self._rest = ExitStack()

    def run(self, order: str) -> Outcome:
        """Send the order and return the outcome; raise ChildDied."""
        self._leash.say(run=order)
        while True:
            said = self._leash.hear(TICK)
            if "outcome" in said:
                return errand.outcome_read(said["outcome"], self._job.claim)
            if "began" in said:
                self.has_begun = True
                self._job.context.begin()
                self._began(self._job)
            elif "lines" in said:
                pass_on(self._job, [Line(*values) for values in said["lines"]])
            elif "rests" in said:
                self._rests(said["rests"])
            self._see_to_it()

    def _rests(self, rests: bool) -> None:
        self._rest.close()
        if rests:
            self._rest.enter_context(self._job.context.stopwatch.stopped())

    def _see_to_it(self) -> None:
        if self._job.context.stop_reason and self._told_at is None:
            self._told_at = time.monotonic()
            self._leash.say(stop=self._job.context.stop_reason)
        overdue = self._overdue()
        if overdue > POLITE + GRACE and not self._killed:
            self._killed = True
            self._leash.kill()
        elif overdue > POLITE and not self._broken_off:
            self._broken_off = True
            self._leash.ask_to_end()

    def _overdue(self) -> float:
        # At the end of the worker there is no politeness: what still runs has been given back, or is about to be.
        hurry = POLITE if self._ending.is_set() else 0.0
        told = 0.0 if self._told_at is None else time.monotonic() - self._told_at + hurry
        return max(told, self._job.context.overrun)

    def without_a_word(self, death: str) -> Outcome:
        """Return the outcome of a job whose process has died after its function was called."""
        job = self._job
        if not self._killed:
            logger.error("Run %s (%s): its process %s.", job.claim.id, job.definition.name, death)
            return broken_off(job, WorkerLost(f"The process that ran it {death}."))
        logger.warning("Run %s (%s) did not stop: %s.", job.claim.id, job.definition.name, KILLED)
        if job.context.stop_reason:
            return Outcome.cancelled(job.claim, f"{job.context.stop_reason}; {KILLED}")
        return given_up(job, KILLED, "")

"""Keeps one child process: hands it jobs, sees that it stops in time, and puts another in its place when it dies."""

from __future__ import annotations

import contextvars
import logging
import time
from collections.abc import Callable
from threading import Event

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker import errand
from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors.leash import ChildDied, Leash
from django_tasks_fsm.worker.executors.stint import TICK, Stint
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.runner import Job

logger = logging.getLogger("django_tasks_fsm")

START_WITHIN = 60.0


class Keeper:
    """Belongs to one thread of the executor; only ``kill`` may be called from another."""

    def __init__(self, sender: Sender, began: Callable[[Job], None], ending: Event) -> None:
        self._sender, self._began, self._ending = sender, began, ending
        self._leash: Leash | None = None
        self.job: Job | None = None
        """What the child executes."""

    def outcome(self, job: Job) -> Outcome:
        """Have a job executed and return its outcome; give it back where no child can be started."""
        self.job = job
        try:
            return self._outcome(job)
        finally:
            self.job = None

    def _outcome(self, job: Job) -> Outcome:
        try:
            # Nothing at first: an idle child that was just dying had taken the job.
            return self._try(job) or self._try(job) or self._without_child(job, "ended before it began")
        except (ChildDied, OSError) as error:
            return self._without_child(job, error)

    def _try(self, job: Job) -> Outcome | None:
        stint = Stint(job, self._ready_child(), self._began, self._ending)
        try:
            return stint.run(errand.written(job, self._sender))
        except ChildDied as death:
            self._leash = None
            return contextvars.Context().run(stint.without_a_word, str(death)) if stint.has_begun else None

    def _without_child(self, job: Job, what: object) -> Outcome:
        self.let_go()
        logger.error("No process to run functions in: it %s.", what)
        reason = f"the process to run it in could not be started: it {what}"
        return Outcome.rescheduled(job.claim, handback_delay(job.claim), reason)

    def let_go(self) -> None:
        """End the child, which has nothing to do."""
        if self._leash is not None:
            self._leash.let_go()
            self._leash = None

    def kill(self) -> None:
        """Kill the child, whatever it does."""
        if (leash := self._leash) is not None:
            leash.kill()

    def _ready_child(self) -> Leash:
        if self._leash is not None:
            if self._leash.lives():
                return self._leash
            logger.warning("Process %d ended while it had nothing to do.", self._leash.pid)
            self.let_go()
        self._leash = Leash()
        deadline = time.monotonic() + START_WITHIN
        while not self._leash.hear(TICK):
            if self._ending.is_set() or time.monotonic() > deadline:
                raise ChildDied("was not ready in time")
        return self._leash

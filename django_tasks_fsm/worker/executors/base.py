"""The contract of an executor."""

from __future__ import annotations

import contextvars
import logging
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.underway import Underway
from django_tasks_fsm.worker.runner import FORKED_CHILD_EXIT, Job, given_up

logger = logging.getLogger("django_tasks_fsm")

Report = Callable[[Outcome], None]


class Executor(ABC):
    """Run jobs and report each job's outcome once, from any thread."""

    still = "it is still running"
    """What the record says of a function that does not stop after its timeout."""

    def __init__(self, report: Report, began: Callable[[Job], None]) -> None:
        self.report = report
        self.began = began
        self.underway = Underway()
        self._pid = os.getpid()

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs; return at once."""

    @abstractmethod
    def unstarted(self) -> list[Job]:
        """Take back and return the jobs that have not begun."""

    def resize(self, slots: int) -> None:
        """Run at most so many jobs at once from now on, where the executor counts them; what runs goes on."""

    def interrupt(self, job: Job) -> None:
        """Make a begun job stop soon, where that is possible; its context has been told already."""

    def give_up_overdue(self) -> None:
        """Report as timed out what does not stop after its timeout; what it returns later is dropped.

        Reported from a thread of its own: a ``backoff`` may be asked, and a project's code must not hold up the loop.
        """
        for job in self.underway.overdue():
            where = self.underway.where(job)
            if self.underway.give_up(job) is not None:
                threading.Thread(target=partial(self._report_given_up, job, where), daemon=True).start()

    @property
    def lost_slots(self) -> int:
        """Return how many runs fewer than usual can be executed, because functions given up on are in the way."""
        return self.underway.stuck

    def leave_if_forked(self) -> None:
        """End this process if a function has forked and returned in the child: only the parent may report."""
        if os.getpid() != self._pid:
            os._exit(FORKED_CHILD_EXIT)

    @abstractmethod
    def stop(self) -> None:
        """Begin nothing more and let idle threads end; do not wait for jobs that are running."""

    def _report_given_up(self, job: Job, where: str) -> None:
        logger.warning("Run %s (%s) is given up: past its timeout, %s.", job.claim.id, job.definition.name, self.still)
        self.report(contextvars.Context().run(given_up, job, self.still, where))
        connections.close()

    def _report_ended(self, job: Job, outcome: Outcome) -> bool:
        """Report what became of a job, unless it was given up before; return whether it was not."""
        in_time = self.underway.end(job)
        if in_time or outcome.is_stored:
            self.report(outcome)
        else:
            said = (job.claim.id, job.definition.name, outcome.ending.name.lower())
            logger.warning("Run %s (%s) has ended after it was given up; its outcome, %s, is dropped.", *said)
        return in_time

"""The contract of an executor."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.runner import Job

Report = Callable[[Outcome], None]
FORKED_CHILD_EXIT = 70


class Executor(ABC):
    """Run jobs and report each job's outcome once, from any thread."""

    def __init__(self, report: Report, began: Callable[[Job], None]) -> None:
        self.report = report
        self.began = began
        self._pid = os.getpid()

    @abstractmethod
    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs; return at once."""

    @abstractmethod
    def unstarted(self) -> list[Job]:
        """Take back and return the jobs that have not begun."""

    def interrupt(self, job: Job) -> None:
        """Make a begun job stop soon, where that is possible; its context has been told already."""

    def leave_if_forked(self) -> None:
        """End this process if a function has forked and returned in the child: only the parent may report."""
        if os.getpid() != self._pid:
            os._exit(FORKED_CHILD_EXIT)

    @abstractmethod
    def stop(self) -> None:
        """Begin nothing more and let idle threads end; do not wait for jobs that are running."""

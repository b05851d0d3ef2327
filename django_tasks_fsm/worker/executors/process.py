"""Run functions in child processes of the worker's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.inbox import Inbox
from django_tasks_fsm.worker.executors.keeper import Keeper
from django_tasks_fsm.worker.runner import Job

LAST_MOMENT = 0.5
"""Seconds in which functions that are broken off because the worker ends may tidy up."""


class ProcessExecutor(Executor):
    """One thread a child, which waits for it and can kill it: no function is ever given up and left running.

    Not concurrent.futures.ProcessPoolExecutor: there a child that dies takes its neighbours' runs with it, and a
    function that runs cannot be stopped. A child is started when its thread takes its first job.
    """

    def __init__(self, report: Report, began: Callable[[Job], None], processes: int, sender: Sender) -> None:
        super().__init__(report, began)
        self._inbox = Inbox()
        self._ending = threading.Event()
        self._keepers = [Keeper(sender, began, self._ending) for _ in range(processes)]
        self._threads = [
            threading.Thread(target=self._work, args=[keeper], name=f"tasks-fsm-keeper-{number}", daemon=True)
            for number, keeper in enumerate(self._keepers, 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            self._inbox.put(job)

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted."""
        return self._inbox.drain()

    def stop(self) -> None:
        """End all children: idle ones at once, the others after a moment."""
        for job in self._underway():
            job.context.request_stop(job.context.stop_reason or "the worker stops")
        self._ending.set()
        for _ in self._threads:
            self._inbox.put(None)
        self._join(LAST_MOMENT)
        for keeper in self._keepers:
            keeper.kill()
        self._join(LAST_MOMENT)

    def _underway(self) -> list[Job]:
        return [job for keeper in self._keepers if (job := keeper.job) is not None]

    def _join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, keeper: Keeper) -> None:
        while (job := self._inbox.get()) is not None:
            outcome = keeper.outcome(job)
            connections.after(str(job.claim.id))  # a receiver of task_started, or a backoff, may have asked something
            self.report(outcome)
        keeper.let_go()
        connections.close()

"""Run functions on a fixed number of threads."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Sequence

from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.runner import Job, run


class ThreadExecutor(Executor):
    """Threads that share one SimpleQueue: a hand-over costs a fraction of what a Future costs.

    Each run has a fresh contextvars context, so that a language or time zone that it activates is gone with it, and is
    followed by a clean-up of the thread's database connections.
    """

    def __init__(self, report: Report, began: Callable[[Job], None], threads: int) -> None:
        super().__init__(report, began)
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = [
            # Daemons: a function that never returns must not keep the process from ending once its run is given back.
            threading.Thread(target=self._work, name=f"tasks-fsm-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            self._inbox.put(job)

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted."""
        jobs: list[Job] = []
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                return jobs
            if job is not None:
                jobs.append(job)

    def stop(self) -> None:
        """See Executor.stop."""
        for _ in self._threads:
            self._inbox.put(None)

    def _work(self) -> None:
        while (job := self._inbox.get()) is not None:
            self._run(job)

    def _run(self, job: Job) -> None:
        label = str(job.claim.id)
        self.began(job)
        connections.before()
        outcome = contextvars.Context().run(run, job)
        self.leave_if_forked()
        connections.after(label)
        self.report(outcome)

"""Run functions in child processes of the worker's own."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence

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
        self._sender = sender
        self._numbers = itertools.count(1)
        self._crew: dict[Keeper, threading.Thread] = {}
        self._crew_lock = threading.Lock()
        self.resize(processes)

    def resize(self, slots: int) -> None:
        """See Executor.resize: a child too many ends after its run, or at once where it has none."""
        with self._crew_lock:
            self._size = slots
            for _ in range(slots - len(self._crew)):
                self._hire()
            too_many = len(self._crew) - slots
        for _ in range(too_many):
            self._inbox.put(None)

    def _hire(self) -> None:
        keeper, number = Keeper(self._sender, self.began, self._ending), next(self._numbers)
        thread = threading.Thread(target=self._work, args=[keeper], name=f"tasks-fsm-keeper-{number}", daemon=True)
        self._crew[keeper] = thread
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
        crew = dict(self._crew)
        for _ in crew:
            self._inbox.put(None)
        self._join(crew.values(), LAST_MOMENT)
        for keeper in crew:
            keeper.kill()
        self._join(crew.values(), LAST_MOMENT)

    def _underway(self) -> list[Job]:
        return [job for keeper in list(self._crew) if (job := keeper.job) is not None]

    def _join(self, threads: Iterable[threading.Thread], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, keeper: Keeper) -> None:
        while (job := self._inbox.get()) is not None or not self._leaves(keeper):
            if job is None:
                continue  # by now there is a place again
            outcome = keeper.outcome(job)
            connections.after(str(job.claim.id))  # a receiver of task_started, or a backoff, may have asked something
            self.report(outcome)
            if self._is_too_many(keeper):
                break
        keeper.let_go()
        connections.close()

    def _leaves(self, keeper: Keeper) -> bool:
        return self._ending.is_set() or self._is_too_many(keeper)

    def _is_too_many(self, keeper: Keeper) -> bool:
        with self._crew_lock:
            leaves = len(self._crew) > self._size
            if leaves:
                del self._crew[keeper]
            return leaves

"""Run functions on so many threads."""

from __future__ import annotations

import contextvars
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.inbox import Inbox
from django_tasks_fsm.worker.runner import Job, run

logger = logging.getLogger("django_tasks_fsm")


class ThreadExecutor(Executor):
    """Threads that share one SimpleQueue: a hand-over costs a fraction of what a Future costs.

    Each run has a fresh contextvars context, so that a language or time zone that it activates is gone with it, and is
    followed by a clean-up of the thread's database connections.

    A thread whose function is given up on cannot be ended. Another one takes its place, up to as many as there were
    at first; beyond that the places stay empty until such functions return.
    """

    still = "its thread is still busy"

    def __init__(self, report: Report, began: Callable[[Job], None], threads: int) -> None:
        super().__init__(report, began)
        self._inbox = Inbox()
        self._size = threads
        self._ending = False
        self._crew: set[threading.Thread] = set()
        self._crew_lock = threading.Lock()
        self._numbers = itertools.count(1)
        for _ in range(threads):
            self._hire(self._work)

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            self._inbox.put(job)

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted."""
        return self._inbox.drain()

    def give_up_overdue(self) -> None:
        """See Executor.give_up_overdue."""
        for job in self.underway.overdue():
            where = self.underway.where(job)
            with self._crew_lock:  # a function that returns now waits to hear whether its place was taken
                thread = self.underway.give_up(job)
                if thread is not None:
                    self._crew.discard(thread)
                    self._replace(job, where)

    @property
    def lost_slots(self) -> int:
        """See Executor.lost_slots."""
        return max(0, self._size - len(self._crew))

    def resize(self, slots: int) -> None:
        """See Executor.resize: a thread too many ends after its run, or at once where it has none."""
        with self._crew_lock:
            self._size = slots
            empty = max(0, self.underway.stuck - slots)
            for _ in range(slots - empty - len(self._crew)):
                self._hire(self._work)
            too_many = len(self._crew) - slots
        for _ in range(too_many):
            self._inbox.put(None)

    def stop(self) -> None:
        """See Executor.stop."""
        self._ending = True
        for _ in range(max(self._size, len(self._crew))):  # also for those who come back to an empty place
            self._inbox.put(None)

    def _hire(self, work: Callable[[], None]) -> None:
        # Daemons: a function that never returns must not keep the process from ending once its run is given back.
        thread = threading.Thread(target=work, name=f"tasks-fsm-{next(self._numbers)}", daemon=True)
        self._crew.add(thread)
        thread.start()

    def _replace(self, job: Job, where: str) -> None:
        report = partial(self._report_given_up, job, where)
        if self.underway.stuck <= self._size:
            self._hire(partial(self._work, report))
            return
        threading.Thread(target=report, daemon=True).start()
        logger.error(
            "%d functions do not stop after their timeouts: this worker runs %d at once instead of %d. Restart it, and "
            "see to it that these functions call context.check().",
            self.underway.stuck,
            len(self._crew),
            self._size,
        )

    def _work(self, first: Callable[[], None] | None = None) -> None:
        if first is not None:
            first()
        while (job := self._inbox.get()) is not None or not self._leaves():
            if job is None:
                continue  # by now there is a place again
            if not (self._run(job) or self._comes_back()) or self._is_too_many():
                break
        connections.close()

    def _leaves(self) -> bool:
        return self._ending or self._is_too_many()

    def _is_too_many(self) -> bool:
        if len(self._crew) <= self._size:
            return False
        with self._crew_lock:
            leaves = len(self._crew) > self._size
            if leaves:
                self._crew.discard(threading.current_thread())
            return leaves

    def _run(self, job: Job) -> bool:
        self.underway.begin(job)
        self.began(job)
        connections.before()
        outcome = contextvars.Context().run(run, job)
        self.leave_if_forked()
        connections.after(str(job.claim.id))
        return self._report_ended(job, outcome)

    def _comes_back(self) -> bool:
        """Take an empty place after this thread was given up on; return False if there is none."""
        with self._crew_lock:
            empty = len(self._crew) < self._size
            if empty:
                self._crew.add(threading.current_thread())
            return empty

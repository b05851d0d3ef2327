"""Run functions in the calling thread, on its connection: in tests, in a transaction, and where a task asks for it."""

from __future__ import annotations

import contextvars
import queue
from collections.abc import Callable, Sequence
from contextlib import suppress

from asgiref.sync import async_to_sync
from django.db import DatabaseError, connections, transaction

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.connections import after as tidy
from django_tasks_fsm.worker.executors.handlers import kept
from django_tasks_fsm.worker.executors.inbox import Inbox
from django_tasks_fsm.worker.lifecycle.job import ServiceJob
from django_tasks_fsm.worker.runner import Job, run, run_async


class InlineExecutor(Executor):
    """Run each job before ``submit`` returns."""

    def __init__(self, report: Report, began: Callable[[Job], None], using: str) -> None:
        super().__init__(report, began)
        self._using = using
        self._inbox = Inbox()
        self.is_busy = False
        """Whether the calling thread is in a function, for others to look at."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            self._inbox.put(job)
        while (waiting := self._next()) is not None:
            self._execute(waiting)

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted; from another thread, while a function is running."""
        return self._inbox.drain()

    def _next(self) -> Job | None:
        with suppress(queue.Empty):
            return self._inbox.get_nowait()
        return None

    def _execute(self, job: Job) -> None:
        self.is_busy = True
        try:
            self.began(job)
            if isinstance(job, ServiceJob):
                job.ear.is_brief = True  # in the calling thread it would never end
            self.report(self._outcome(job))
        finally:
            self.is_busy = False

    def stop(self) -> None:
        """See Executor.stop."""

    def _outcome(self, job: Job) -> Outcome:
        if not connections[self._using].in_atomic_block:
            try:
                return contextvars.Context().run(self._run, job)
            finally:
                tidy(str(job.claim.id))
        # A statement of the task that fails must not break the transaction in which its outcome is about to be written.
        outcome: Outcome | None = None
        try:
            with transaction.atomic(using=self._using):
                outcome = contextvars.Context().run(self._run, job)
        except DatabaseError:
            if outcome is None:
                raise
        return outcome

    def _run(self, job: Job) -> Outcome:
        # async_to_sync, unlike asyncio.run, lets the coroutine's ORM calls come back to this thread and its connection.
        with kept(str(job.claim.id)):
            outcome = async_to_sync(self._awaited)(job) if job.is_async else run(job)
        self.leave_if_forked()
        return outcome

    async def _awaited(self, job: Job) -> Outcome:
        outcome = await run_async(job)
        self.leave_if_forked()
        return outcome

"""Run coroutine functions on one event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import close_old_connections

from django_tasks_fsm.core.executors import ASYNCIO
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.inbox import Inbox
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.runner import Job, run_async

logger = logging.getLogger("django_tasks_fsm")

CLEAN_EVERY = 1.0
BLOCKED_AFTER = 1.0
"""Seconds without an answer after which a loop counts as blocked, and what waits for it is given back."""
LAST_MOMENT = 0.5
"""Seconds in which coroutines that are cancelled because the worker ends may tidy up."""


class CoroutineExecutor(Executor):
    """One loop for the life of the worker: starting a loop per run, or crossing over by asgiref, costs far more.

    A coroutine that blocks delays its neighbours, but neither heartbeat nor claims, which live in other threads, nor
    the coroutines of a loop with another name.
    """

    def __init__(self, report: Report, began: Callable[[Job], None], name: str = "", size: int = 0) -> None:
        super().__init__(report, began)
        self._size = size
        # What coroutines of a named loop ask of the ORM runs on a thread of that loop's own: asgiref has one for all.
        self._sensitive = ThreadSensitiveContext() if name else None
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[Job, asyncio.Task[Outcome]] = {}
        self._called = f"{ASYNCIO}:{name}" if name else ASYNCIO
        self._inbox = Inbox()
        self._asked_at: float | None = None
        self._ending = False
        self._cleaned_at = 0.0
        self._thread = threading.Thread(target=self._work, name=f"tasks-fsm-loop-{name}".rstrip("-"), daemon=True)
        self._thread.start()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit; what comes while the loop is blocked is given back at once."""
        for job in jobs:
            self._inbox.put(job)
        if self._asked_at is None:
            self._asked_at = time.monotonic()
        self._loop.call_soon_threadsafe(self._begin)
        self._give_back_if_blocked()

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted: a coroutine begins as soon as it is submitted, if its loop is not blocked."""
        return self._inbox.drain()

    def give_up_overdue(self) -> None:
        """See Executor.give_up_overdue; also give back what waits for a blocked loop."""
        super().give_up_overdue()
        self._give_back_if_blocked()

    def resize(self, slots: int) -> None:
        """See Executor.resize."""
        self._size = slots

    @property
    def lost_slots(self) -> int:
        """See Executor.lost_slots: as many as there are slots may go on unheeded, as threads do; then it gets less."""
        return max(0, self.underway.stuck - self._size)

    def _give_back_if_blocked(self) -> None:
        asked_at = self._asked_at
        if asked_at is None or time.monotonic() - asked_at < BLOCKED_AFTER:
            return
        # Not released: this worker would claim it again at once, and another that has the function may take it sooner.
        for job in self._inbox.drain():
            reason = f"the event loop {self._called} is blocked by a coroutine that does not await"
            self.report(Outcome.rescheduled(job.claim, handback_delay(job.claim), reason))

    def interrupt(self, job: Job) -> None:
        """Cancel the coroutine at its next await; only once, because it may have to await while it tidies up."""
        self._soon(self._cancel, job)

    def stop(self) -> None:
        """See Executor.stop; what runs is cancelled, and waited for no longer than for a moment."""
        self._soon(self._end)
        self._thread.join(LAST_MOMENT)

    def _soon(self, call: Callable[..., None], *args: Job) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call, *args)

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        while not self._is_over():
            try:
                self._loop.run_forever()
            except BaseException:  # SystemExit in a task that a coroutine started comes out here; the others go on
                logger.exception("A task on the event loop tried to end the process.")
        self._loop.close()
        close_old_connections()

    def _is_over(self) -> bool:
        return self._ending and not self._tasks

    def _begin(self) -> None:
        self._asked_at = None  # first: what is submitted from here on asks anew, if it is not found below
        for job in self._inbox.drain():
            self.underway.begin(job)
            task = self._loop.create_task(self._run(job), context=self._fresh_context())
            self._tasks[job] = task
            task.add_done_callback(partial(self._ended, job))

    def _fresh_context(self) -> contextvars.Context:
        context = contextvars.Context()
        if self._sensitive is not None:
            context.run(SyncToAsync.thread_sensitive_context.set, self._sensitive)
        return context

    async def _run(self, job: Job) -> Outcome:
        self.began(job)
        outcome = await run_async(job)
        self.leave_if_forked()
        return outcome

    def _cancel(self, job: Job) -> None:
        if job in self._tasks and not self._tasks[job].cancelling():
            self._tasks[job].cancel()

    def _end(self) -> None:
        self._ending = True
        for task in self._tasks.values():
            task.cancel()
        if not self._tasks:
            self._loop.stop()

    def _ended(self, job: Job, task: asyncio.Task[Outcome]) -> None:
        del self._tasks[job]
        # Cancelled itself is a task that had not taken its first step; later, run_async turns it into an outcome.
        never_begun = Outcome.cancelled(job.claim, job.context.stop_reason)
        self._report_ended(job, never_begun if task.cancelled() else task.result())
        if self._is_over():
            self._loop.stop()
        elif time.monotonic() - self._cleaned_at > CLEAN_EVERY:
            self._clean()

    def _clean(self) -> None:
        # Coroutines reach the ORM through one shared thread. Cleaning its connections after each run would
        # cost more than most runs; an open transaction may be somebody's as long as any coroutine is running.
        self._cleaned_at = time.monotonic()
        clean = close_old_connections if self._tasks else partial(connections.after, "of a coroutine")
        # Not by sync_to_async: a loop that ends would drop it halfway, which crashes Python 3.11.
        if self._sensitive is None:
            SyncToAsync.single_thread_executor.submit(clean)
        elif self._sensitive in SyncToAsync.context_to_thread_executor:  # a coroutine has asked something
            SyncToAsync.context_to_thread_executor[self._sensitive].submit(clean)

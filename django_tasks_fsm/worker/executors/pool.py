"""Hand runs over to any concurrent.futures.Executor that the settings name: a Dask cluster, a pool of one's own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import suppress
from datetime import timedelta
from functools import partial

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_tasks_fsm import conf
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import WorkerLost
from django_tasks_fsm.worker import errand
from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.inbox import Inbox
from django_tasks_fsm.worker.failures import describe
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.listening import pass_on
from django_tasks_fsm.worker.remote import perform
from django_tasks_fsm.worker.runner import Job

logger = logging.getLogger("django_tasks_fsm")

LAST_MOMENT = 0.5
ELSEWHERE = threading.Thread(name="elsewhere")
"""Stands for the thread that executes what a pool has taken; never started."""

Pool = futures.Executor


class PoolExecutor(Executor):
    """A thread hands the runs over, because a pool that is away may take long to say so.

    What the pool refuses or cancels is given back, uncharged. What it breaks on is an attempt that was lost: it is
    retried, MAX_LOSSES times at most where ``max_attempts`` does not allow more, because the function may be the cause.
    """

    still = "its pool has not answered"

    def __init__(self, report: Report, began: Callable[[Job], None], name: str, path: str, sender: Sender) -> None:
        super().__init__(report, began)
        self._name, self._path, self._sender = name, path, sender
        self._inbox = Inbox()
        self._futures: dict[Job, futures.Future[str]] = {}
        self._pool: Pool | None = None
        self._is_broken = False
        self._thread = threading.Thread(target=self._work, name=f"tasks-fsm-pool-{name}", daemon=True)
        self._thread.start()

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            self._inbox.put(job)

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted."""
        return self._inbox.drain()

    def interrupt(self, job: Job) -> None:
        """Ask the pool to cancel; a function that runs learns of it from its own ``check``."""
        future = self._futures.get(job)
        if future is not None:
            # From a thread of its own: some pools ask their cluster first, and the heartbeat must not wait for it.
            threading.Thread(target=future.cancel, daemon=True).start()

    def stop(self) -> None:
        """See Executor.stop; the pool is told, and waited for no longer than for a moment."""
        self._inbox.put(None)
        self._thread.join(LAST_MOMENT)

    def _work(self) -> None:
        while (job := self._inbox.get()) is not None:
            self._hand_over(job)
            connections.after(str(job.claim.id))  # a receiver of task_started may have asked something
        for future in list(self._futures.values()):
            future.cancel()
        self._drop()
        connections.close()

    def _hand_over(self, job: Job) -> None:
        if self._is_broken:
            self._is_broken = False
            self._drop()
        try:
            pool = self._pool = self._pool or self._open()
            future = pool.submit(perform, errand.written(job, self._sender))
        except Exception as error:  # whatever a pool, or a library behind it, says when its cluster is away
            logger.warning("The pool %r takes nothing: %r", self._name, error)
            self._drop()
            self.report(self._given_back(job, f"takes nothing: {type(error).__name__}"))
            return
        job.context.begin()
        self.underway.begin(job, ELSEWHERE)
        self._futures[job] = future
        self.began(job)
        future.add_done_callback(partial(self._ended, job))

    def _open(self) -> Pool:
        pool = import_string(self._path)()
        if not isinstance(pool, Pool):
            raise ImproperlyConfigured(f"{self._path} returns {pool!r}, which is no concurrent.futures.Executor.")
        return pool

    def _drop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(Exception):  # it is broken, or its cluster is away
                pool.shutdown(wait=False)

    def _ended(self, job: Job, future: futures.Future[str]) -> None:
        self._futures.pop(job, None)
        self._report_ended(job, self._outcome(job, future))

    def _outcome(self, job: Job, future: futures.Future[str]) -> Outcome:
        # Python has, and Dask raises, more than one CancelledError.
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or type(error).__name__ == "CancelledError":
            asked = job.context.stop_reason
            return Outcome.cancelled(job.claim, asked) if asked else self._given_back(job, "has cancelled it")
        if error is None:
            pass_on(job, errand.lines_read(future.result()))
            return errand.outcome_read(future.result(), job.claim)
        if isinstance(error, futures.BrokenExecutor):
            # Not dropped here: this is the pool's own thread, which since Python 3.12 holds a lock that the end of the
            # pool object wants too.
            self._is_broken = True
        return self._lost(job, error)

    def _given_back(self, job: Job, what: str) -> Outcome:
        return Outcome.rescheduled(job.claim, handback_delay(job.claim), f"the pool {self._name!r} {what}")

    def _lost(self, job: Job, error: BaseException) -> Outcome:
        """Return the outcome of an attempt that the pool broke on: what the function raises comes as an outcome."""
        failure = describe(WorkerLost(f"The pool {self._name!r} lost it: {type(error).__name__}: {error}"))
        attempt, most = job.claim.attempt, max(job.definition.max_attempts, conf.options().max_losses)
        if attempt >= most or getattr(job.task, "on_lost", "requeue") == "fail":
            return Outcome.failed(job.claim, failure)
        delay = timedelta(seconds=min(300.0, 2.0**attempt))
        return Outcome.retry(job.claim, failure, delay, f"lost attempt {attempt} of at most {most}")

    def _report_given_up(self, job: Job, where: str) -> None:
        super()._report_given_up(job, where)
        if (future := self._futures.get(job)) is not None:
            future.cancel()

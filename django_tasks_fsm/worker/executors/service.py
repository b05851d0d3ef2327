"""Run services beside the slots: those that are called on a thread each, those that are awaited on a loop."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence

from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.base import Executor, Report
from django_tasks_fsm.worker.executors.coroutine import CoroutineExecutor
from django_tasks_fsm.worker.lifecycle.job import ServiceJob
from django_tasks_fsm.worker.runner import Job, run


class _BesideTheSlots(Executor):
    """What both have in common."""

    def give_up_overdue(self) -> None:
        """See Executor.give_up_overdue; one whose step returns after all must not go on."""
        overdue = self.underway.overdue()
        super().give_up_overdue()
        for job in overdue:
            job.context.request_stop("it was given up, past its timeout")

    @property
    def lost_slots(self) -> int:
        """See Executor.lost_slots: services have none."""
        return 0


class ServiceExecutor(_BesideTheSlots):
    """A thread for each service, for as long as it lives: one that blocks is in nobody's way."""

    still = "its thread is still busy"

    def submit(self, jobs: Sequence[Job]) -> None:
        """See Executor.submit."""
        for job in jobs:
            name = f"tasks-fsm-service-{job.definition.name}"
            threading.Thread(target=self._run, args=[job], name=name, daemon=True).start()

    def unstarted(self) -> list[Job]:
        """See Executor.unstarted: a service begins as soon as it is submitted."""
        return []

    def interrupt(self, job: Job) -> None:
        """See Executor.interrupt: between its steps it hears at once."""
        if isinstance(job, ServiceJob):
            job.ear.ring()

    def stop(self) -> None:
        """See Executor.stop: each thread ends with its service."""

    def _run(self, job: Job) -> None:
        self.underway.begin(job)
        self.began(job)
        connections.before()
        outcome = contextvars.Context().run(run, job)
        self.leave_if_forked()
        connections.after(str(job.claim.id))
        self._report_ended(job, outcome)
        connections.close()


class ServiceLoop(_BesideTheSlots, CoroutineExecutor):
    """An event loop for services only, which takes no slots."""

    def __init__(self, report: Report, began: Callable[[Job], None]) -> None:
        super().__init__(report, began, "services")

"""What the worker tells: one log line an event, and Django's task signals."""

from __future__ import annotations

import logging
import uuid
from functools import partial

from django_tasks_fsm.core.outcomes import Claim, Ending, Outcome
from django_tasks_fsm.results import FSMTaskResult, claimed_result, ended_result
from django_tasks_fsm.sending import only_logged, send_finished, send_started, wanted
from django_tasks_fsm.tasks_api import Task, TaskResultStatus, task_finished, task_started
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.glimpse import glimpse
from django_tasks_fsm.worker.runner import Job

logger = logging.getLogger("django_tasks_fsm")

FINISHING = {Ending.DONE, Ending.FAILED, Ending.CANCELLED}


class Narrator:
    """Speak for one worker."""

    def __init__(self, worker_id: uuid.UUID, announcer: Announcer) -> None:
        self._worker_id = worker_id
        self._announcer = announcer

    def result(self, claim: Claim, task: Task) -> FSMTaskResult:
        """Return the claim as Django shows a running task."""
        return claimed_result(claim, task, self._worker_id)

    def began(self, job: Job) -> None:
        """Send ``task_started``: in the run's own thread, or beside the loop for a coroutine."""
        if not wanted(task_started, logging.INFO):
            return
        if job.is_async:
            self._announcer.put(partial(self._send_started, job))
        else:
            self._announcer.safely(partial(self._send_started, job))

    def ended(self, job: Job, outcome: Outcome) -> None:
        """Send ``task_finished`` for an outcome that has been stored, and log it."""
        _log(job, outcome)
        level = logging.ERROR if outcome.ending is Ending.FAILED else logging.INFO
        if outcome.ending in FINISHING and wanted(task_finished, level):
            self._announcer.put(partial(self._send_finished, job, outcome))

    def lost(self, job: Job) -> None:
        """Log that an outcome was dropped."""
        logger.warning(
            "Run %s (%s) fence %d: stale result dropped, the run belongs to another worker now or was ended.",
            job.claim.id,
            job.definition.name,
            job.claim.fence,
        )

    def _send_started(self, job: Job) -> None:
        whole = partial(self.result, job.claim, job.task)
        logged = only_logged(task_started)
        send_started(glimpse(job.claim, job.task, TaskResultStatus.RUNNING, whole) if logged else whole())

    def _send_finished(self, job: Job, outcome: Outcome) -> None:
        whole = partial(ended_result, outcome, job.task, self._worker_id)
        logged = outcome.ending is Ending.DONE and only_logged(task_finished)
        shown = glimpse(job.claim, job.task, TaskResultStatus.SUCCESSFUL, whole) if logged else whole()
        send_finished(shown, outcome.exception)


def _log(job: Job, outcome: Outcome) -> None:
    quiet = outcome.ending is Ending.DONE
    level = logging.DEBUG if quiet else logging.INFO
    if not logger.isEnabledFor(level):
        return
    said = outcome.failure.message.splitlines()[:1] if outcome.failure else [outcome.reason]
    logger.log(
        level,
        "Run %s (%s) attempt %d fence %d: %s%s",
        job.claim.id,
        job.definition.name,
        job.claim.attempt,
        job.claim.fence,
        outcome.ending.name.lower(),
        f" {said[0]!r}" if said and said[0] else "",
    )

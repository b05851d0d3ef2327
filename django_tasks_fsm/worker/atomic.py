"""Tasks that are atomic: what the function writes and the end of its run are committed together, or not at all."""

from __future__ import annotations

import logging
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from django.db import DatabaseError, InterfaceError, connections, transaction

from django_tasks_fsm.context import enter
from django_tasks_fsm.core.outcomes import Ending, Outcome
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import OwnershipLost, RescheduleRequested, StopSchedule
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.store.aside import Aside
from django_tasks_fsm.store.seal import is_held, is_sealed, seal
from django_tasks_fsm.worker.failures import describe
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.runner import FORKED_CHILD_EXIT, Job, arguments
from django_tasks_fsm.worker.verdict import raised, returned, surely

logger = logging.getLogger("django_tasks_fsm")

LOST = "the run belongs to another worker now, or has been ended"


class _Undone(Exception):
    """Undo the transaction; the outcome is known."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


@dataclass(slots=True, eq=False, kw_only=True)
class AtomicJob(Job):
    """A job whose function runs in the transaction that stores its outcome."""

    is_atomic: ClassVar[bool] = True

    using: str
    worker_id: uuid.UUID

    def whole(self) -> Outcome:
        """Call the function; return the outcome, which is stored where all of it is committed."""
        enter(self.context)
        aside = self.context._aside = Aside(self.claim.id, self.using)
        try:
            outcome = _in_one_transaction(self, aside)
            if outcome.ending is Ending.RELEASED:
                outcome = _unless_still_held(self, outcome)
            if not outcome.is_stored:
                _keep(aside)
            return outcome
        finally:
            aside.close()


def _in_one_transaction(job: AtomicJob, aside: Aside) -> Outcome:
    using, pid, has_begun, outcome = job.using, os.getpid(), False, None
    committed: list[bool] = []
    try:
        with for_alias(using).writing(), transaction.atomic(using=using):
            # The first of all these calls: one of the function's may raise behind the commit.
            transaction.on_commit(partial(committed.append, True), using=using)
            mark = transaction.savepoint(using)
            has_begun = True
            try:
                failpoint("run.started")
                try:
                    value = job.task.func(*arguments(job), **job.claim.kwargs)
                finally:
                    if os.getpid() != pid:  # forked: the transaction is the parent's, whatever happens here
                        os._exit(FORKED_CHILD_EXIT)
                failpoint("run.returned")
            except (RescheduleRequested, StopSchedule) as asked:  # ways to return
                outcome = surely(raised, job, asked)
            else:
                outcome = surely(returned, job, value)
            _store(job, outcome, aside, mark)
        failpoint("finish.committed")
    except _Undone as undone:
        return undone.outcome
    except BaseException as error:
        if committed and outcome is not None:
            logger.exception("Run %s is committed; what was to be called then failed.", job.claim.id)
        elif has_begun and outcome is None:
            return surely(raised, job, error)
        else:
            return _not_committed(job, outcome, error)
    assert outcome is not None
    return replace(outcome, is_stored=True)


def _store(job: AtomicJob, outcome: Outcome, aside: Aside, mark: str) -> None:
    if outcome.ending is Ending.FAILED:  # a result that nobody can store: FAILED means that nothing has happened
        raise _Undone(outcome)
    if connections[job.using].closed_in_transaction:  # by the function: no outage, which is tried again for ever
        raise transaction.TransactionManagementError("The function has closed the connection of its transaction.")
    # An error where the transaction is another one by now: MariaDB undoes it at a deadlock, whoever catches that.
    transaction.savepoint_commit(mark, job.using)
    try:
        aside.flush()
    except OwnershipLost as error:
        raise _Undone(Outcome.released(job.claim, LOST)) from error
    if not seal(outcome, job.worker_id, job.using):
        raise _Undone(Outcome.released(job.claim, LOST))


def _not_committed(job: AtomicJob, outcome: Outcome | None, error: BaseException) -> Outcome:
    """Return the outcome of a job whose transaction did not begin, or was not committed after the function.

    Where the database may say otherwise the next time it is no failure of the function, which has left nothing behind.
    """
    dialect = for_alias(job.using)
    if not isinstance(error, (DatabaseError, InterfaceError)) or not dialect.is_outage(error):
        return surely(raised, job, error)
    with suppress(DatabaseError, InterfaceError):
        if dialect.is_disconnect(error):
            connections[job.using].close()
        if outcome is not None and is_sealed(outcome, job.using):  # only the answer to the commit was lost
            return replace(outcome, is_stored=True)
    what = "could not begin" if outcome is None else "was not committed"
    reason = f"its transaction {what}: {type(error).__name__}: {error}"
    logger.warning("Run %s (%s): %s; it will run again.", job.claim.id, job.definition.name, reason)
    return Outcome.rescheduled(job.claim, handback_delay(job.claim), reason)


def _unless_still_held(job: AtomicJob, outcome: Outcome) -> Outcome:
    """Return the outcome of a job that has lost its run; a failure where it was the function that ended or deleted it.

    That is undone with the rest: given back, it would be done again for ever, with no attempt charged.
    """
    with suppress(DatabaseError, InterfaceError):
        if is_held(job.claim, job.using):
            error = OwnershipLost("An atomic function cannot end, or delete, its own run.")
            return Outcome.failed(job.claim, describe(error), error)
    return outcome


def _keep(aside: Aside) -> None:
    """Store what the function has said of itself, now that its transaction is undone; it does not matter that much."""
    with suppress(OwnershipLost, DatabaseError, InterfaceError):
        aside.flush()

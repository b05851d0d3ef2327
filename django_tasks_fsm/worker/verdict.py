"""What became of a run, as a record, from what its function returned or raised. Raises nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from django_tasks_fsm import conf
from django_tasks_fsm.core.dice import DICE
from django_tasks_fsm.core.outcomes import Failure, Outcome
from django_tasks_fsm.core.payload import clean_result
from django_tasks_fsm.core.retry import Backoff, RetryPolicy, decide
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import (
    CancellationRequested,
    OwnershipLost,
    ReleaseRequested,
    RescheduleRequested,
    RunTimedOut,
    StopSchedule,
    UnstorablePayload,
)
from django_tasks_fsm.worker.failures import describe
from django_tasks_fsm.worker.next_round import next_round

if TYPE_CHECKING:
    from django_tasks_fsm.worker.runner import Job

_LIFECYCLE = os.path.join(os.path.dirname(__file__), "lifecycle", "")
HOSTILE = Failure("builtins.Exception", "What the function returned or raised fails when it is looked at.", "")


def surely(step: Callable[[Job, Any], Outcome], job: Job, what: Any) -> Outcome:
    """Return what ``step`` makes of what a function returned or raised; a failure where it raises."""
    try:
        return step(job, what)
    except BaseException:  # what a function returns or raises may be hostile to whoever looks at it
        return Outcome.failed(job.claim, HOSTILE)


def timed_out(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a coroutine that was cancelled because its time was up."""
    if not isinstance(error, TimeoutError):  # the function turned its cancellation into an error of its own
        return raised(job, error)
    late = RunTimedOut(job.definition.timeout or 0.0)
    late.__cause__ = error.__cause__  # the traceback ends where the function was when its time was up
    return raised(job, late)


def interrupted(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a coroutine that raised, or was cancelled."""
    if not isinstance(error, asyncio.CancelledError):
        return raised(job, error)
    asked = job.context.stop_reason
    return Outcome.cancelled(job.claim, _with_notes(asked, error)) if asked else _failed(job, error)


def returned(job: Job, value: Any) -> Outcome:
    """Return the outcome of a function that returned."""
    try:
        if _cancels(job, value):
            return Outcome.cancelled(job.claim, "its result cancels it")
    except BaseException as error:
        # The work is done; another attempt would repeat its effects.
        return _failed(job, error, reason="cancel_on_result could not judge the result")
    try:
        return Outcome.done(job.claim, clean_result(value, conf.options().max_payload_bytes))
    except UnstorablePayload as error:
        # The work is done; another attempt would repeat its effects and return the same.
        return _failed(job, TypeError(error.problem), reason="the result is not JSON")


def _stopped(job: Job, error: StopSchedule) -> Outcome:
    try:
        result = clean_result(error.result, conf.options().max_payload_bytes)
    except UnstorablePayload as problem:
        return _failed(job, TypeError(problem.problem), reason="the result is not JSON")
    return Outcome.done(job.claim, result, stop=str(error.reason))


def _cancels(job: Job, value: Any) -> bool:
    judge = getattr(job.task, "cancel_on_result", None)
    return judge is not None and bool(judge(value))


def raised(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a function that raised."""
    never_entered = _never_entered(error)
    if not never_entered:
        error.__traceback__ = _from_the_function_on(error.__traceback__)
    if isinstance(error, RescheduleRequested):
        return next_round(job, error)
    if isinstance(error, StopSchedule):
        return _stopped(job, error)
    if isinstance(error, (OwnershipLost, ReleaseRequested)):
        return Outcome.released(job.claim, _with_notes(str(error), error))
    if isinstance(error, CancellationRequested):
        return Outcome.cancelled(job.claim, _with_notes(str(error), error))
    if isinstance(error, TypeError) and never_entered:
        return _failed(job, error, reason="the arguments do not fit the function")
    if job.definition.cancel_on_exception:
        return Outcome.cancelled(job.claim, "an exception cancels this task", describe(error))
    return _retried(job, error)


def _from_the_function_on(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames that led to the function: they say nothing to the task's author."""
    theirs = trace and trace.tb_next
    while theirs is not None and theirs.tb_frame.f_code.co_filename.startswith(_LIFECYCLE):
        theirs = theirs.tb_next
    return theirs or (trace and trace.tb_next)


def _with_notes(reason: str, error: BaseException) -> str:
    return "; ".join([reason, *getattr(error, "__notes__", [])])


def _never_entered(error: BaseException) -> bool:
    # One frame only, the call itself: the function's own frame is missing because binding its arguments failed.
    trace = error.__traceback__
    return trace is not None and trace.tb_next is None


def _retried(job: Job, error: BaseException) -> Outcome:
    # What lives for months must not be FAILED by ten errors in all of it.
    attempt = 1 if job.was_well_for_long else job.claim.attempt
    decision = decide(_policy(job), attempt, error, None, _backoff(job), DICE)
    if decision.delay is None:
        return _failed(job, error, reason=decision.note)
    return Outcome.retry(job.claim, describe(error), decision.delay, decision.note, job.was_well_for_long)


def _backoff(job: Job) -> Backoff | None:
    backoff = getattr(job.task, "backoff", None)
    # The result is looked up in its turn: where the database is away it is as if backoff had raised.
    return None if backoff is None else lambda error, _: backoff(error, job.context.task_result)


def _policy(job: Job) -> RetryPolicy:
    # The row's number wins over the declaration's: a person may have changed it. Plain Django tasks have no policy.
    most = job.definition.max_attempts
    return job.task.retry_policy(most) if isinstance(job.task, FSMTask) else RetryPolicy(max_attempts=most)


def _failed(job: Job, error: BaseException, reason: str = "") -> Outcome:
    return Outcome.failed(job.claim, describe(error, reason), error)

"""From a claim to its outcome: find the function, call it, turn what happened into a record. Raises nothing."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, ClassVar

from django_tasks_fsm import conf, registry
from django_tasks_fsm.context import RunContext, enter
from django_tasks_fsm.core.outcomes import Claim, Failure, Outcome
from django_tasks_fsm.core.payload import clean_result
from django_tasks_fsm.core.retry import RetryPolicy, decide
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import (
    CancellationRequested,
    FunctionNotRegistered,
    OwnershipLost,
    ReleaseRequested,
    RescheduleRequested,
    RunTimedOut,
    StopSchedule,
    UnstorablePayload,
)
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import Task, TaskResult
from django_tasks_fsm.worker.failures import describe
from django_tasks_fsm.worker.next_round import next_round

_LIFECYCLE = os.path.join(os.path.dirname(__file__), "lifecycle", "")
SHORTEST_HANDBACK, LONGEST_HANDBACK = 5.0, 300.0
HOSTILE = Failure("builtins.Exception", "What the function returned or raised fails when it is looked at.", "")


@dataclass(slots=True, eq=False)
class Job:
    """A claim with what is needed to run it."""

    is_service: ClassVar[bool] = False
    was_well_for_long: ClassVar[bool] = False

    claim: Claim
    definition: Definition
    task: Task
    context: RunContext
    is_async: bool
    executor: str

    def live(self) -> Any:
        """Live in this thread: a service's business."""
        raise NotImplementedError

    async def alive(self) -> Any:
        """Live on this event loop: a service's business."""
        raise NotImplementedError


def job_for(
    claim: Claim, definition: Definition | None, using: str, make_result: Callable[..., TaskResult]
) -> Job | Outcome:
    """Return a job, or the outcome of a claim that cannot be run here: the run waits for a deploy that knows it.

    ``definition`` is None where somebody has deleted the task's row past the guards.
    """
    if definition is None:
        return Outcome.rescheduled(claim, handback_delay(claim), f"its task {claim.task_id} has no row")
    try:
        task = registry.find(definition.function)
    except FunctionNotRegistered as error:
        return Outcome.rescheduled(claim, handback_delay(claim), str(error))
    context = RunContext(claim, using, lambda: make_result(claim, task), definition.timeout)
    if registry.lifecycle_of(definition.function) is not None:
        return _service_job(Job(claim, definition, task, context, registry.is_async(task), ""), using)
    executor = definition.executor or registry.executor_of(task)
    return Job(claim, definition, task, context, registry.is_async(task), executor)


def _service_job(job: Job, using: str) -> Job:
    # Here, because what drives services knows jobs.
    from django_tasks_fsm.worker.lifecycle.job import ServiceJob

    return ServiceJob(
        job.claim, job.definition, job.task, job.context, job.is_async, registry.executor_of(job.task), using=using
    )


def handback_delay(claim: Claim) -> timedelta:
    """Return after how long a run that cannot be executed here is tried again: a tenth of its age.

    That is seconds at first, and minutes for a run that has waited for its function for an hour.
    """
    enqueued = claim.enqueued_at if claim.enqueued_at.tzinfo else claim.enqueued_at.astimezone()
    age = (datetime.now(UTC) - enqueued).total_seconds()
    return timedelta(seconds=max(SHORTEST_HANDBACK, min(LONGEST_HANDBACK, age / 10)))


def run(job: Job) -> Outcome:
    """Call the function in this thread and return the outcome. Call it in a fresh contextvars context."""
    enter(job.context)
    try:
        value = job.live() if job.is_service else job.task.func(*_arguments(job), **job.claim.kwargs)
    except BaseException as error:  # SystemExit and KeyboardInterrupt raised by a task are its failure, not ours
        return _surely(_raised, job, error)
    return _surely(_returned, job, value)


async def run_async(job: Job) -> Outcome:
    """Await the coroutine function and return the outcome; cancelled from outside, say so."""
    enter(job.context)
    # That of a service bounds each of its steps.
    limit = asyncio.timeout(None if job.is_service else job.definition.timeout)
    try:
        async with limit:
            job.context.stopwatch.loop_limit = limit
            value = await (job.alive() if job.is_service else job.task.func(*_arguments(job), **job.claim.kwargs))
    except BaseException as error:  # a SystemExit that escaped would end the loop and every other coroutine in it
        return _surely(_timed_out if limit.expired() else _interrupted, job, error)
    return _surely(_returned, job, value)


def given_up(job: Job, still: str, where: str) -> Outcome:
    """Return the outcome of a job whose function does not stop after its timeout: an error like any other.

    ``still`` and ``where``, what the function is doing and the stack that shows it, go into the record.
    """
    error = RunTimedOut(job.definition.timeout or 0.0, still)
    if where:
        error.add_note(f"When it was given up it was here:\n{where}")
    return _surely(_raised, job, error)


def broken_off(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a job that ``error`` ended from outside its function."""
    return _surely(_raised, job, error)


def _arguments(job: Job) -> list[Any]:
    return [job.context, *job.claim.args] if job.task.takes_context else job.claim.args


def _surely(step: Callable[[Job, Any], Outcome], job: Job, what: Any) -> Outcome:
    try:
        return step(job, what)
    except BaseException:  # what a function returns or raises may be hostile to whoever looks at it
        return Outcome.failed(job.claim, HOSTILE)


def _timed_out(job: Job, error: BaseException) -> Outcome:
    if not isinstance(error, TimeoutError):  # the function turned its cancellation into an error of its own
        return _raised(job, error)
    late = RunTimedOut(job.definition.timeout or 0.0)
    late.__cause__ = error.__cause__  # the traceback ends where the function was when its time was up
    return _raised(job, late)


def _interrupted(job: Job, error: BaseException) -> Outcome:
    if not isinstance(error, asyncio.CancelledError):
        return _raised(job, error)
    asked = job.context.stop_reason
    return Outcome.cancelled(job.claim, _with_notes(asked, error)) if asked else _failed(job, error)


def _returned(job: Job, value: Any) -> Outcome:
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


def _raised(job: Job, error: BaseException) -> Outcome:
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
    backoff = getattr(job.task, "backoff", None)
    result = job.context.task_result if backoff else None
    # What lives for months must not be FAILED by ten errors in all of it.
    attempt = 1 if job.was_well_for_long else job.claim.attempt
    decision = decide(_policy(job), attempt, error, result, backoff, random.Random())
    if decision.delay is None:
        return _failed(job, error, reason=decision.note)
    return Outcome.retry(job.claim, describe(error), decision.delay, decision.note, job.was_well_for_long)


def _policy(job: Job) -> RetryPolicy:
    # The row's number wins over the declaration's: a person may have changed it. Plain Django tasks have no policy.
    most = job.definition.max_attempts
    return job.task.retry_policy(most) if isinstance(job.task, FSMTask) else RetryPolicy(max_attempts=most)


def _failed(job: Job, error: BaseException, reason: str = "") -> Outcome:
    return Outcome.failed(job.claim, describe(error, reason), error)

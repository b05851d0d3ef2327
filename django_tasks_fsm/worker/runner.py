"""From a claim to its outcome: find the function, call it, turn what happened into a record. Raises nothing."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django_tasks_fsm import registry
from django_tasks_fsm.context import RunContext, enter
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.exceptions import FunctionNotRegistered, RunTimedOut
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import Task, TaskResult
from django_tasks_fsm.worker.handback import handback_delay
from django_tasks_fsm.worker.verdict import interrupted, raised, returned, surely, timed_out

FORKED_CHILD_EXIT = 70


@dataclass(slots=True, eq=False)
class Job:
    """A claim with what is needed to run it."""

    is_service: ClassVar[bool] = False
    is_atomic: ClassVar[bool] = False
    was_well_for_long: ClassVar[bool] = False

    claim: Claim
    definition: Definition
    task: Task
    context: RunContext
    is_async: bool
    executor: str

    # The three below are called only where ``is_service`` or ``is_atomic`` says so. Plain functions are called without
    # them: each call costs every run, and each frame would stand in every traceback.

    def live(self) -> Any:
        """Live in this thread: a service's business."""
        raise NotImplementedError

    async def alive(self) -> Any:
        """Live on this event loop: a service's business."""
        raise NotImplementedError

    def whole(self) -> Outcome:
        """Call the function and store the outcome in one transaction: the business of a task that is atomic."""
        raise NotImplementedError


def job_for(
    claim: Claim,
    definition: Definition | None,
    using: str,
    worker_id: uuid.UUID,
    make_result: Callable[..., TaskResult],
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
    job = Job(
        claim, definition, task, context, registry.is_async(task), definition.executor or registry.executor_of(task)
    )
    return _atomic_job(job, using, worker_id) if getattr(task, "atomic", False) else job


def _service_job(job: Job, using: str) -> Job:
    # Here, because what drives services knows jobs.
    from django_tasks_fsm.worker.lifecycle.job import ServiceJob

    return ServiceJob(
        job.claim, job.definition, job.task, job.context, job.is_async, registry.executor_of(job.task), using=using
    )


def _atomic_job(job: Job, using: str, worker_id: uuid.UUID) -> Job:
    from django_tasks_fsm.worker.atomic import AtomicJob

    return AtomicJob(
        job.claim, job.definition, job.task, job.context, job.is_async, job.executor, using=using, worker_id=worker_id
    )


def run(job: Job) -> Outcome:
    """Call the function in this thread and return the outcome. Call it in a fresh contextvars context."""
    if job.is_atomic:
        return job.whole()
    enter(job.context)
    try:
        failpoint("run.started")
        value = job.live() if job.is_service else job.task.func(*arguments(job), **job.claim.kwargs)
        failpoint("run.returned")
    except BaseException as error:  # SystemExit and KeyboardInterrupt raised by a task are its failure, not ours
        return surely(raised, job, error)
    return surely(returned, job, value)


async def run_async(job: Job) -> Outcome:
    """Await the coroutine function and return the outcome; cancelled from outside, say so."""
    enter(job.context)
    # That of a service bounds each of its steps.
    limit = asyncio.timeout(None if job.is_service else job.definition.timeout)
    try:
        async with limit:
            job.context.stopwatch.loop_limit = limit
            failpoint("run.started")
            value = await (job.alive() if job.is_service else job.task.func(*arguments(job), **job.claim.kwargs))
        failpoint("run.returned")
    except BaseException as error:  # a SystemExit that escaped would end the loop and every other coroutine in it
        return surely(timed_out if limit.expired() else interrupted, job, error)
    return surely(returned, job, value)


def given_up(job: Job, still: str, where: str) -> Outcome:
    """Return the outcome of a job whose function does not stop after its timeout: an error like any other.

    ``still`` and ``where``, what the function is doing and the stack that shows it, go into the record.
    """
    error = RunTimedOut(job.definition.timeout or 0.0, still)
    if where:
        error.add_note(f"When it was given up it was here:\n{where}")
    return surely(raised, job, error)


def broken_off(job: Job, error: BaseException) -> Outcome:
    """Return the outcome of a job that ``error`` ended from outside its function."""
    return surely(raised, job, error)


def arguments(job: Job) -> list[Any]:
    """Return what the function gets by position."""
    return [job.context, *job.claim.args] if job.task.takes_context else job.claim.args

"""The outcome of a run that reschedules itself, slowed down where it would spin."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django_tasks_fsm import conf
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import RescheduleRequested

if TYPE_CHECKING:
    from django_tasks_fsm.worker.runner import Job

WARN_EVERY = 60.0

logger = logging.getLogger("django_tasks_fsm")

_warned: dict[int, float] = {}
_lock = threading.Lock()


def next_round(job: Job, asked: RescheduleRequested) -> Outcome:
    """Return what becomes of a run that asks to be run again: that, or its end, where its chain was stopped."""
    if job.context.chain_stopped:
        return Outcome.done(job.claim, "null")
    too_soon = _too_soon(job, asked)
    if too_soon is not None:
        _warn(job)
    when = too_soon or asked.at or timedelta(seconds=asked.delay_seconds or 0.0)
    return Outcome.next_round(job.claim, when, asked.args_of_next, asked.kwargs_of_next, throttled=too_soon is not None)


def shortest(job: Job) -> float:
    """Return the seconds between two starts of the run: the row's, or those of the settings."""
    own = job.definition.min_interval
    return conf.options().min_interval if own is None else own


def _too_soon(job: Job, asked: RescheduleRequested) -> timedelta | None:
    """Return the delay that it must have instead of the one it asks for; None if that is long enough."""
    length = shortest(job)
    left = length - job.context.stopwatch.since_start
    if left <= 0:
        return None
    if asked.at is None:
        return timedelta(seconds=left) if (asked.delay_seconds or 0.0) < left else None
    # A time is the database's, as the start of the claim is.
    return timedelta(seconds=left) if asked.at < job.claim.started_at + timedelta(seconds=length) else None


def _warn(job: Job) -> None:
    now = time.monotonic()
    with _lock:
        known = _warned.get(job.definition.id)
        if known is not None and now - known < WARN_EVERY:
            return
        _warned[job.definition.id] = now
    logger.warning(
        "Task %s reschedules itself sooner than %g s after its start, and is slowed down to that. Give it a longer "
        "delay, or another min_interval. This is said once a minute; the task counts how often.",
        job.definition.name,
        shortest(job),
    )

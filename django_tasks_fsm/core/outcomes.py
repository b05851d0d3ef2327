"""What passes between store and worker: a claim going out, an outcome coming back. Both are frozen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

ASKED_BY_TASK = "asked for by the task"
"""Why a run that reschedules itself runs again; the engine has other reasons to give one back until later."""


class Ending(StrEnum):
    """How an attempt ended; the value is the event of the run machine that it causes."""

    DONE = "done"
    FAILED = "error"
    RETRY = "retry"
    CANCELLED = "cancel"
    RESCHEDULED = "reschedule"
    RELEASED = "release"


@dataclass(frozen=True, slots=True)
class Claim:
    """One run handed to this worker: its right to write ends when the row's ``fence`` moves on."""

    id: uuid.UUID
    task_id: int
    fence: int
    attempt: int
    queue: str
    priority: int
    args: list[Any]
    kwargs: dict[str, Any]
    enqueued_at: datetime
    run_at: datetime
    started_at: datetime
    limited: bool = False
    concurrency_key: str | None = None

    @property
    def key(self) -> tuple[uuid.UUID, int]:
        """Return what tells this claim from every other one, also of the same run."""
        return self.id, self.fence


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as text: it crosses threads, processes and the database without being pickled."""

    exception: str
    message: str
    traceback: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim. Make one with the constructor of its ending; each fills exactly the fields it needs."""

    claim: Claim
    ending: Ending
    result_json: str | None = None
    failure: Failure | None = None
    delay: timedelta | None = None
    at: datetime | None = None
    args: list[Any] | None = None
    kwargs: dict[str, Any] | None = None
    throttled: bool = False
    is_fresh: bool = False
    """Whether the attempts before it no longer count."""
    reason: str = ""
    exception: BaseException | None = field(default=None, compare=False, repr=False)
    stop: str | None = None
    """Not None: the schedule of the run ends with it, for this reason, which may be empty."""
    is_stored: bool = False
    """Whether the transaction in which the function ran has committed it already."""

    @classmethod
    def done(cls, claim: Claim, result_json: str, stop: str | None = None) -> Outcome:
        """Say that the function returned; ``result_json`` is its value as JSON text, ``stop`` why its schedule ends."""
        return cls(claim, Ending.DONE, result_json=result_json, stop=stop)

    @classmethod
    def failed(cls, claim: Claim, failure: Failure, exception: BaseException | None = None) -> Outcome:
        """Say that the attempt failed and no further one follows."""
        return cls(claim, Ending.FAILED, failure=failure, reason=failure.reason, exception=exception)

    @classmethod
    def retry(
        cls, claim: Claim, failure: Failure, delay: timedelta, reason: str = "", is_fresh: bool = False
    ) -> Outcome:
        """Say that the attempt failed and another follows after ``delay``; ``is_fresh``: it counts as the first."""
        return cls(claim, Ending.RETRY, failure=failure, delay=delay, reason=reason, is_fresh=is_fresh)

    @classmethod
    def cancelled(cls, claim: Claim, reason: str, failure: Failure | None = None) -> Outcome:
        """Say that the run obeyed a request to stop, or asked for it itself."""
        return cls(claim, Ending.CANCELLED, failure=failure, reason=reason)

    @classmethod
    def rescheduled(cls, claim: Claim, delay: timedelta, reason: str = "") -> Outcome:
        """Say that the run wants to be run again after ``delay``; the attempt is not charged."""
        return cls(claim, Ending.RESCHEDULED, delay=delay, reason=reason)

    @classmethod
    def next_round(
        cls,
        claim: Claim,
        when: timedelta | datetime,
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        *,
        throttled: bool = False,
    ) -> Outcome:
        """Say that the function asked to be run again, with other arguments where given; ``throttled``: too soon."""
        delay, at = (when, None) if isinstance(when, timedelta) else (None, when)
        rest: dict[str, Any] = {"args": args, "kwargs": kwargs, "throttled": throttled}
        return cls(claim, Ending.RESCHEDULED, delay=delay, at=at, reason=ASKED_BY_TASK, **rest)

    @classmethod
    def released(cls, claim: Claim, reason: str) -> Outcome:
        """Give an unfinished claim back; the attempt is not charged."""
        return cls(claim, Ending.RELEASED, reason=reason)

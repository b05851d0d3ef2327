"""What stands for a claim that never arrived, or an outcome that the database refuses."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django_tasks_fsm.core.outcomes import Claim, Failure, Outcome

UNSTORABLE = "django_tasks_fsm.exceptions.UnstorablePayload"


def stray(run_id: uuid.UUID, fence: int) -> Claim:
    """Return a claim to give back: that reads nothing but id and fence."""
    now = datetime.now(UTC)
    return Claim(run_id, 0, fence, 0, "", 0, [], {}, enqueued_at=now, run_at=now, started_at=now)


def unstorable(outcome: Outcome, error: BaseException) -> Outcome:
    """Return what is written instead of an outcome that the database refuses."""
    failure = Failure(UNSTORABLE, f"The outcome could not be stored: {type(error).__name__}", "", "unstorable outcome")
    return Outcome.failed(outcome.claim, failure)

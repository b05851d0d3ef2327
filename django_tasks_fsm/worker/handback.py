"""How long a run waits that cannot be executed here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django_tasks_fsm.core.outcomes import Claim

SHORTEST, LONGEST = 5.0, 300.0


def handback_delay(claim: Claim) -> timedelta:
    """Return after how long a run that cannot be executed here is tried again: a tenth of its age.

    That is seconds at first, and minutes for a run that has waited for its function for an hour.
    """
    enqueued = claim.enqueued_at if claim.enqueued_at.tzinfo else claim.enqueued_at.astimezone()
    age = (datetime.now(UTC) - enqueued).total_seconds()
    return timedelta(seconds=max(SHORTEST, min(LONGEST, age / 10)))

"""How late runs start: what many single latencies come to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django_tasks_fsm.core.states import RunState

NOT_STARTED = (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)
"""What such a run may have of a start is that of an earlier attempt."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Half of ``count`` runs started within ``median`` of their due times, 95 of a hundred within ``p95``."""

    count: int
    median: timedelta
    p95: timedelta
    longest: timedelta


def latency(state: str, due: datetime, started: datetime | None) -> timedelta | None:
    """Return how long after its due time the last attempt of a run started; None where it has not."""
    if started is None or started < due or RunState(state) in NOT_STARTED:
        return None
    return started - due


def summary(latencies: Iterable[timedelta]) -> Latency | None:
    """Return what latencies come to, None where there are none. Each number is one that has occurred."""
    ordered = sorted(latencies)
    if not ordered:
        return None
    return Latency(len(ordered), _within(ordered, 0.5), _within(ordered, 0.95), ordered[-1])


def _within(ordered: list[timedelta], share: float) -> timedelta:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

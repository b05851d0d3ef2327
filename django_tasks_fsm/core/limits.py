"""How many runs may be going at once, or begin within a period; and who of those in line is let through.

A run has a place: it is outside, in line (due, and waiting for a slot), or it holds a slot from the moment it is queued
until it ends. What is counted are the rows that hold one, so no slot can leak.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, IntEnum
from typing import Generic, TypeVar
from zlib import crc32

from django_tasks_fsm.exceptions import InvalidLimit


class Place(IntEnum):
    """Where a run stands with regard to the limits of its task; the value is what the database holds."""

    OUTSIDE = 0
    IN_LINE = 1
    HELD = 2


BUCKETS = 64
"""Limits share so many locks: a row for each key that was ever used would never go away."""

MOST = 100_000
LONGEST_PERIOD = timedelta(days=7)
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_RATE = re.compile(r"\s*(\d{1,6})\s*/\s*(\d{1,6})?\s*([smhd])\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` starts within any ``period``."""

    count: int
    period: timedelta


def rate(text: object) -> Rate:
    """Read ``10/m`` or ``1/30s``: a number of starts per second, minute, hour or day, or so many of these.

    Raise InvalidLimit.
    """
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidLimit(f"A rate is a number per period, such as 5/s, 10/m, 100/h or 1/30s, not {text!r}.")
    count, units = int(found[1]), int(found[2] or 1)
    period = timedelta(seconds=units * UNITS[found[3]])
    if not 1 <= count <= MOST or not timedelta(0) < period <= LONGEST_PERIOD:
        raise InvalidLimit(f"A rate has 1 to {MOST} starts, per 1 second to {LONGEST_PERIOD.days} days, not {text!r}.")
    return Rate(count, period)


def bucket(kind: str, name: object) -> str:
    """Return the name of the lock that guards a limit, for a ``task`` by its number and for a ``key`` by its text."""
    return f"limit {crc32(f'{kind} {name}'.encode()) % BUCKETS:02d}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a task allows: None for no limit. ``concurrency`` counts the runs of one concurrency key, of any task."""

    max_instances: int | None = None
    concurrency: int | None = None
    rate: Rate | None = None

    @property
    def per_key(self) -> int:
        """Return how many runs may bear one concurrency key at once."""
        return self.concurrency or 1

    @property
    def are_set(self) -> bool:
        """Tell whether the task limits runs that bear no key."""
        return self.max_instances is not None or self.rate is not None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A run in line, and when it last began, where its task has a rate."""

    id: T
    task: int
    key: str | None
    paced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: runs that hold a slot by task and by key, and starts within the period by task.

    ``spent`` counts for a task with a rate those that began within its period and those that are queued to begin;
    ``opens_at`` is when the oldest of the former leaves the period.
    """

    by_task: Mapping[int, int] = field(default_factory=dict)
    by_key: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[int, int] = field(default_factory=dict)
    opens_at: Mapping[int, datetime] = field(default_factory=dict)


class Refusal(Enum):
    """Which limit keeps a run in line."""

    TASK = "max_instances"
    KEY = "concurrency"
    RATE = "rate"


@dataclass(slots=True)
class Admission(Generic[T]):
    """Who is let through, which tasks and keys have no slot left, and when a rate lets the next one begin."""

    admitted: list[T] = field(default_factory=list)
    full_tasks: set[int] = field(default_factory=set)
    full_keys: set[str] = field(default_factory=set)
    refused: dict[T, Refusal] = field(default_factory=dict)
    opens_at: datetime | None = None


def admit(line: Iterable[Candidate[T]], limits: Mapping[int, Limits], counted: Counted, now: datetime) -> Admission[T]:
    """Let those through whose task and key have a slot left, in the order of the line."""
    by_task, by_key, spent = Counter(counted.by_task), Counter(counted.by_key), Counter(counted.spent)
    done: Admission[T] = Admission()
    for run in line:
        allowed = limits[run.task]
        if allowed.max_instances is not None and by_task[run.task] >= allowed.max_instances:
            done.full_tasks.add(run.task)
            done.refused[run.id] = Refusal.TASK
        elif run.key is not None and by_key[run.key] >= allowed.per_key:
            done.full_keys.add(run.key)
            done.refused[run.id] = Refusal.KEY
        elif allowed.rate is not None and (opens := _opens_at(run, allowed.rate, spent[run.task], counted, now)):
            done.refused[run.id] = Refusal.RATE
            done.opens_at = min(opens, done.opens_at or opens)
            if spent[run.task] >= allowed.rate.count:
                done.full_tasks.add(run.task)
        else:
            done.admitted.append(run.id)
            by_task[run.task] += 1
            spent[run.task] += 1
            by_key.update([run.key] if run.key is not None else [])
    return done


def _opens_at(run: Candidate[T], rate: Rate, spent: int, counted: Counted, now: datetime) -> datetime | None:
    """Return when the rate lets the run begin; None for now.

    A run that began within the period, and comes back, waits until that start has left the period: its row remembers
    one start only, and forgetting it would let one too many begin.
    """
    if spent >= rate.count:
        return counted.opens_at.get(run.task, now + rate.period)
    again = None if run.paced_at is None else run.paced_at + rate.period
    return again if again is not None and again > now else None

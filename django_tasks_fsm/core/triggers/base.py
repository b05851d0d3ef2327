"""The contract of a trigger: a set of instants (slots) that anything can be asked about, and nothing can change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.core.triggers.walk import newest_slots, step
from django_tasks_fsm.exceptions import InvalidTrigger

COUNT_LIMIT = 1000
"""Missed slots are counted one by one up to here; beyond it the count is a lower bound."""


@dataclass(frozen=True)
class Due:
    """The newest slots up to now, oldest first, and how many there are in all (at least so many if not ``exact``)."""

    slots: tuple[datetime, ...]
    count: int
    exact: bool = True


class Trigger(ABC):
    """Say when a task fires. Subclasses are frozen dataclasses; register them with ``register_kind``."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    count_limit: ClassVar[int] = COUNT_LIMIT

    @abstractmethod
    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the first slot strictly after ``previous``, else after ``now``; None when there is none any more.

        All datetimes are aware UTC. The answer lies before ``now`` when slots after ``previous`` were missed.
        """

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads, with ``version`` and ``kind``."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build the trigger from its JSON; raise InvalidTrigger that names the wrong key."""

    @abstractmethod
    def describe(self) -> str:
        """Return a short text for people."""

    def due(self, slot: datetime, now: datetime, keep: int) -> Due:
        """Return the newest ``keep`` slots from ``slot`` (due itself, on the grid or moved by a person) to ``now``.

        Override it where a slot depends on the one before it, or where a formula is at hand.
        """
        found = deque([slot], maxlen=keep)
        limit = max(keep, self.count_limit)
        for count in range(1, limit + 1):
            following = step(self, found[-1], now)
            if following is None or following > now:
                return Due(tuple(found), count)
            found.append(following)
        return Due(newest_slots(self, slot, now, keep), limit + 1, exact=False)

    @property
    def zone(self) -> str:
        """Return the time zone whose clocks the trigger follows; UTC for one that follows none."""
        return "UTC"

    @property
    def delay_after_end(self) -> timedelta | None:
        """Return how long after the end of its last run the task fires; None where slots do not depend on runs."""
        return None

    @property
    def worker_events(self) -> frozenset[str]:
        """Return what in a worker's life fires it: ``start``, ``stop``."""
        return frozenset()

    def due_time(self, slot: datetime, seed: str = "") -> datetime:
        """Return when the run of ``slot`` is due: not before the slot; the same for the same slot and ``seed``."""
        return slot

    def is_moved(self, slot: datetime) -> bool:
        """Tell whether ``slot`` stands for times that the clocks of ``zone`` left out when they were set forward."""
        return False

    def envelope(self) -> dict[str, Any]:
        """Return the keys that each kind's JSON begins with."""
        return {"version": self.version, "kind": self.kind}

    @classmethod
    def check_keys(cls, data: Mapping[str, Any], required: Iterable[str] = (), optional: Iterable[str] = ()) -> None:
        """Refuse a missing and an unknown key by name."""
        needed = tuple(required)
        allowed = ("version", "kind", *needed, *optional)
        for key in needed:
            if key not in data:
                raise InvalidTrigger(f"Key {key!r} is missing: a trigger of kind {cls.kind!r} needs it.")
        for key in data:
            if key not in allowed:
                raise InvalidTrigger(
                    f"Key {quoted(key)} is unknown. A trigger of kind {cls.kind!r} has: {', '.join(allowed)}."
                )

"""A trigger with the slots that several others have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Due, Trigger
from django_tasks_fsm.core.triggers.instants import TICK, base_of
from django_tasks_fsm.core.triggers.members import (
    KEY,
    checked_members,
    latest_due,
    read_members,
    write_members,
    zone_of,
)
from django_tasks_fsm.core.triggers.registry import register_kind

MAX_JUMPS = 500
"""Each jump goes to a time that one of the members has; two that have not met by then count as never meeting."""


@register_kind
@dataclass(frozen=True)
class AllOf(Trigger):
    """Fire at the times that all of ``of`` have, to the microsecond."""

    of: tuple[Trigger, ...]

    kind: ClassVar[str] = "all"
    count_limit: ClassVar[int] = 20
    """A search for each slot makes counting dear: what was missed is counted up to here."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", checked_members(self.of))

    @property
    def zone(self) -> str:
        """Return the first zone of the members that is not UTC."""
        return zone_of(self.of)

    def due_time(self, slot: datetime, seed: str = "") -> datetime:
        """Return the slot, or later by the longest jitter of the members."""
        return latest_due(self.of, slot, seed)

    def is_moved(self, slot: datetime) -> bool:
        """Tell whether one of the members was moved to the slot."""
        return any(member.is_moved(slot) for member in self.of)

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the next time that all members have; None when one has no more, or none is found in MAX_JUMPS."""
        after = base_of(previous, now)
        for _ in range(MAX_JUMPS):
            slots = {member.next_after(after, now) for member in self.of}
            times = [slot for slot in slots if slot is not None]
            if len(times) < len(slots):
                return None
            if len(times) == 1:
                return times[0]
            after = max(times) - TICK
        return None

    def due(self, slot: datetime, now: datetime, keep: int) -> Due:
        """Return at most ``count_limit`` of the newest slots: a search for each makes them dear."""
        return super().due(slot, now, min(keep, self.count_limit))

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {**self.envelope(), **write_members(self.of)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from the key ``of``, a list of triggers."""
        cls.check_keys(data, required=(KEY,))
        return cls(read_members(data))

    def describe(self) -> str:
        """Return a short text for people."""
        return " and ".join(f"({member.describe()})" for member in self.of)

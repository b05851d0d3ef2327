"""A trigger with the slots of several others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.instants import TICK
from django_tasks_fsm.core.triggers.members import (
    KEY,
    checked_members,
    latest_due,
    read_members,
    write_members,
    zone_of,
)
from django_tasks_fsm.core.triggers.registry import register_kind


@register_kind
@dataclass(frozen=True)
class AnyOf(Trigger):
    """Fire whenever one of ``of`` does; a time that several of them have is one slot."""

    of: tuple[Trigger, ...]

    kind: ClassVar[str] = "any"

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", checked_members(self.of))

    @property
    def zone(self) -> str:
        """Return the first zone of the members that is not UTC."""
        return zone_of(self.of)

    @property
    def worker_events(self) -> frozenset[str]:
        """Return what in a worker's life fires one of the members."""
        return frozenset().union(*(member.worker_events for member in self.of))

    def due_time(self, slot: datetime, seed: str = "") -> datetime:
        """Return the slot, or later by the longest jitter of those members that have it."""
        return latest_due(self._with(slot) or self.of, slot, seed)

    def is_moved(self, slot: datetime) -> bool:
        """Tell whether all members that have the slot were moved to it."""
        found = self._with(slot)
        return bool(found) and all(member.is_moved(slot) for member in found)

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the earliest of the members' next slots; None when none of them has any more."""
        found = (member.next_after(previous, now) for member in self.of)
        return min((slot for slot in found if slot is not None), default=None)

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
        return " or ".join(f"({member.describe()})" for member in self.of)

    def _with(self, slot: datetime) -> tuple[Trigger, ...]:
        return tuple(member for member in self.of if member.next_after(slot - TICK, slot) == slot)

"""A trigger with a single slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.instants import as_utc, read_instant, write_instant
from django_tasks_fsm.core.triggers.registry import register_kind


@register_kind
@dataclass(frozen=True)
class Once(Trigger):
    """Fire at one instant, also when it is already past."""

    at: datetime

    kind: ClassVar[str] = "once"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", as_utc(self.at, "at"))

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the instant, past or not, unless the task has had a slot there or later."""
        return self.at if previous is None or self.at > previous else None

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {**self.envelope(), "at": write_instant(self.at)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from the key ``at``."""
        cls.check_keys(data, required=("at",))
        return cls(at=read_instant(data, "at"))

    def describe(self) -> str:
        """Return a short text for people."""
        return f"once at {self.at}"

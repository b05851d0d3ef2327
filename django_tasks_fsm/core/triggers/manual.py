"""A trigger that never fires by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.registry import register_kind


@register_kind
@dataclass(frozen=True)
class Manual(Trigger):
    """Leave the firing to people and code."""

    kind: ClassVar[str] = "manual"

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return None: there is no slot."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the envelope: there is nothing to set."""
        return self.envelope()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it; it has no keys of its own."""
        cls.check_keys(data)
        return cls()

    def describe(self) -> str:
        """Return a short text for people."""
        return "only when asked"

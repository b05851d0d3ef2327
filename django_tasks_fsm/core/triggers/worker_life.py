"""Triggers without times: a worker fires them when it starts, and before it stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.registry import register_kind


class _WorkerEvent(Trigger):
    """What both have in common: no slot, nothing to set."""

    event: ClassVar[str]

    @property
    def worker_events(self) -> frozenset[str]:
        """Return what in a worker's life fires it."""
        return frozenset({self.event})

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return None: no time fires it."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the envelope: there is nothing to set."""
        return self.envelope()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it; it has no keys of its own."""
        cls.check_keys(data)
        return cls()


@register_kind
@dataclass(frozen=True)
class WorkerStart(_WorkerEvent):
    """Fire once in each worker, when it has started."""

    kind: ClassVar[str] = "worker_start"
    event: ClassVar[str] = "start"

    def describe(self) -> str:
        """Return a short text for people."""
        return "when a worker starts"


@register_kind
@dataclass(frozen=True)
class WorkerStop(_WorkerEvent):
    """Fire once in each worker, before it stops."""

    kind: ClassVar[str] = "worker_stop"
    event: ClassVar[str] = "stop"

    def describe(self) -> str:
        """Return a short text for people."""
        return "before a worker stops"

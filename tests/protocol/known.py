"""A run and its edges as their rows should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing, standing
from django_tasks_fsm.core.states import RunState
from tests.protocol.life import Run


@dataclass
class Edge:
    """What a run waits for."""

    condition: Condition
    on_failure: OnFailure
    met: bool = False

    def stands(self, state: RunState) -> Standing:
        """Tell how it stands when the prerequisite is in ``state``."""
        return standing(self.condition, state, self.on_failure)


@dataclass
class Known:
    """A run as its row should be; ``told`` are the transitions that should be on record."""

    pk: UUID
    run: Run
    run_at: datetime
    queue: str = "default"
    priority: int = 0
    key: str | None = None
    given: str | None = None
    limited: bool = False
    place: Place = Place.OUTSIDE
    edges: dict[UUID, Edge] = field(default_factory=dict)
    result: Any = None
    worker: UUID | None = None
    finished_at: datetime | None = None
    slot: datetime | None = None
    told: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def unmet(self) -> int:
        """Return how many prerequisites it waits for."""
        return sum(not edge.met for edge in self.edges.values())

    @property
    def turn(self) -> tuple[int, datetime, UUID]:
        """Return what the line is sorted by."""
        return -self.priority, self.run_at, self.pk

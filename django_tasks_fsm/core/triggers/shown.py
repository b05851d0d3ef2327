"""A slot as the clocks of a zone show it, with a mark where the clocks are changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.instants import as_utc
from django_tasks_fsm.core.triggers.zone import find_zone, local_at, passes

Mark = Literal["", "moved", "first", "second"]
"""``moved``: it stands for a time that the clocks leave out; ``first`` and ``second``: they show it twice."""


@dataclass(frozen=True)
class Shown:
    """An instant in UTC and in a zone; compare and sort by ``instant`` only."""

    instant: datetime
    local: datetime
    mark: Mark


def shown(trigger: Trigger, slot: datetime, timezone: str = "") -> Shown:
    """Return ``slot`` as the clocks of ``timezone`` show it, else those of the trigger."""
    zone, instant = find_zone(timezone or trigger.zone), as_utc(slot, "slot")
    found = passes(zone, local_at(zone, instant))
    mark: Mark = "moved" if trigger.is_moved(instant) else ""
    if len(found) > 1:
        mark = "first" if instant == found[0] else "second"
    return Shown(instant, instant.astimezone(zone), mark)

"""A trigger with the slots of a cron expression in a time zone.

Five fields (minute, hour, day of month, month, day of week) or six, with the second LAST, as croniter has it (Quartz
puts it first); ``@daily`` and its like; Sunday is 0 or 7. When both day fields are restricted, either may match.
``H`` stands for a value that depends on ``seed`` only, to spread load. Changes of the clocks: see ``dst``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.core.triggers.dst import POLICIES, DstPolicy, next_instant
from django_tasks_fsm.core.triggers.expression import clean, compile_expression
from django_tasks_fsm.core.triggers.instants import TICK, base_of
from django_tasks_fsm.core.triggers.jitter import KEY as JITTER
from django_tasks_fsm.core.triggers.jitter import checked_jitter, describe_jitter, jittered, read_jitter, write_jitter
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.core.triggers.registry import register_kind
from django_tasks_fsm.core.triggers.window import KEYS, checked_window, describe_window, read_window, write_window
from django_tasks_fsm.core.triggers.zone import SECOND, find_zone, local_at, starts_after_gap
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires


@register_kind
@dataclass(frozen=True)
class Cron(Trigger):
    """Fire at the times that a cron expression names, from ``start`` until ``end``, both included."""

    expression: str
    timezone: str = "UTC"
    policy: DstPolicy = "vixie"
    seed: str = ""
    start: datetime | None = None
    end: datetime | None = None
    jitter: timedelta | None = None

    kind: ClassVar[str] = "cron"

    def __post_init__(self) -> None:
        expression, seed = clean(self.expression, self.seed)
        compile_expression(expression, seed)
        find_zone(self.timezone)
        if self.policy not in POLICIES:
            raise InvalidTrigger(f"policy is {quoted(self.policy)}, but must be one of: {', '.join(POLICIES)}.")
        start, end = checked_window(self.start, self.end)
        object.__setattr__(self, "expression", expression)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "end", end)
        object.__setattr__(self, "jitter", checked_jitter(self.jitter))

    @property
    def zone(self) -> str:
        """Return the zone in which the expression is read."""
        return "UTC" if self.policy == "utc" else self.timezone

    def due_time(self, slot: datetime, seed: str = "") -> datetime:
        """Return the slot, or up to ``jitter`` later."""
        return jittered(slot, self.jitter, seed)

    def is_moved(self, slot: datetime) -> bool:
        """Tell whether ``slot`` is the end of a gap and none of the times that the expression names."""
        zone = find_zone(self.zone)
        if not starts_after_gap(zone, slot):
            return False
        local = local_at(zone, slot)
        return compile_expression(self.expression, self.seed).times.after(local - SECOND) != local

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the first slot strictly after ``previous``, else after ``now``; None past ``end``."""
        base = base_of(previous, now)
        if self.start is not None and base < self.start:
            base = self.start - TICK
        try:
            found = next_instant(
                compile_expression(self.expression, self.seed), find_zone(self.timezone), self.policy, base
            )
        except (ScheduleNeverFires, OverflowError):  # the end of the calendar: the constructor found a first match
            return None
        return None if self.end is not None and found > self.end else found

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        own = {"expression": self.expression, "timezone": self.timezone, "policy": self.policy}
        seed = {"seed": self.seed} if self.seed else {}
        return {**self.envelope(), **own, **seed, **write_window(self.start, self.end), **write_jitter(self.jitter)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Build it from ``expression`` and, where the defaults do not fit, the other fields."""
        optional = ("timezone", "policy", "seed")
        cls.check_keys(data, required=("expression",), optional=(*optional, *KEYS, JITTER))
        given: dict[str, Any] = {key: data[key] for key in ("expression", *optional) if key in data}
        given |= {**read_window(data), **read_jitter(data)}
        return cls(**given)

    def describe(self) -> str:
        """Return a short text for people."""
        rule = "" if self.policy == "vixie" else f" ({self.policy})"
        rest = f"{describe_jitter(self.jitter)}{describe_window(self.start, self.end)}"
        return f"cron {self.expression!r} in {self.timezone}{rule}{rest}"

"""What becomes of slots that nobody could fire in time: run the latest, run all, or run none.

``plan`` decides for one task; the caller writes the runs and the new ``next_run_at`` in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from django_tasks_fsm.core.triggers.base import Due, Trigger
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.core.triggers.walk import step
from django_tasks_fsm.exceptions import InvalidTrigger

CatchUp = Literal["latest", "all", "none"]
CHOICES: tuple[CatchUp, ...] = get_args(CatchUp)

ON_TIME = timedelta(minutes=1)
"""With ``catch_up="none"`` and no ``grace``, a slot that is found later than this was missed."""

MAX_CAP = 10_000


class InvalidMisfirePolicy(InvalidTrigger):
    """Say which setting for missed slots cannot be used; who fires treats it as a trigger that cannot be read."""


@dataclass(frozen=True)
class MisfirePolicy:
    """How to catch up.

    ``latest``: one run for the newest due slot, which stands for all of them. ``all``: one run for each due slot, the
    newest ``cap`` of them. ``none``: a run for the newest slot if it is on time; what was missed is recorded once.
    ``grace``: how late, measured from the slot, a run may still be created (None: however late); a slot past its grace
    is recorded as skipped.
    """

    catch_up: CatchUp = "latest"
    grace: timedelta | None = None
    cap: int = 1000

    def __post_init__(self) -> None:
        if self.catch_up not in CHOICES:
            raise InvalidMisfirePolicy(
                f"catch_up is {quoted(self.catch_up)}, but must be one of: {', '.join(CHOICES)}."
            )
        _check_grace(self.grace)
        if type(self.cap) is not int or not 1 <= self.cap <= MAX_CAP:
            raise InvalidMisfirePolicy(f"cap is {quoted(self.cap)}, but must be a whole number from 1 to {MAX_CAP}.")


@dataclass(frozen=True)
class PlannedSlot:
    """One run to create: for which slot, for how many slots it stands, and whether it is SKIPPED from the start."""

    scheduled_for: datetime
    stands_for: int = 1
    skipped: bool = False


@dataclass(frozen=True)
class Plan:
    """The runs to create, oldest first, and the next slot (None: the trigger has no more).

    ``dropped`` slots lie beyond the cap and get no run. Unless ``exact``, the counts are lower bounds.
    """

    slots: tuple[PlannedSlot, ...]
    next_slot: datetime | None
    dropped: int = 0
    exact: bool = True


def plan(trigger: Trigger, slot: datetime, now: datetime, policy: MisfirePolicy) -> Plan:
    """Decide what to create for ``slot`` (the task's due ``next_run_at``) and those after it, up to ``now``.

    The next slot follows from the slots, not from ``now``, and lies after ``now``: lateness neither shifts the grid nor
    loses a slot. The cost is bounded, however many slots were missed. A slot that is not due yet gives an empty plan.
    """
    if slot > now:
        return Plan((), slot)
    due = trigger.due(slot, now, _KEEP.get(policy.catch_up, policy.cap))
    next_slot = step(trigger, due.slots[-1], now)
    if policy.catch_up == "latest":
        return Plan((_planned(due.slots[-1], now, policy, due.count),), next_slot, exact=due.exact)
    if policy.catch_up == "none":
        return Plan(_only_on_time(due, now, policy), next_slot, exact=due.exact)
    slots = tuple(_planned(each, now, policy) for each in due.slots)
    return Plan(slots, next_slot, dropped=due.count - len(slots), exact=due.exact)


_KEEP = {"latest": 1, "none": 2}


def _planned(slot: datetime, now: datetime, policy: MisfirePolicy, stands_for: int = 1) -> PlannedSlot:
    late = policy.grace is not None and now - slot > policy.grace
    return PlannedSlot(slot, stands_for, skipped=late)


def _only_on_time(due: Due, now: datetime, policy: MisfirePolicy) -> tuple[PlannedSlot, ...]:
    """Return a run for the newest slot if it is on time, and one skipped run that stands for all that were missed."""
    *earlier, newest = due.slots
    if now - newest > (ON_TIME if policy.grace is None else policy.grace):
        return (PlannedSlot(newest, due.count, skipped=True),)
    missed = tuple(PlannedSlot(slot, due.count - 1, skipped=True) for slot in earlier)
    return (*missed, PlannedSlot(newest))


def _check_grace(value: object) -> None:
    if value is not None and not (isinstance(value, timedelta) and value >= timedelta(0)):
        raise InvalidMisfirePolicy(f"grace is {quoted(value)}, but must be a timedelta of 0 or more, or None.")

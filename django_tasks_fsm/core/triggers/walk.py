"""Walk along the slots of a trigger: forward for a preview, backward to what is due."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django_tasks_fsm.core.triggers.instants import TICK
from django_tasks_fsm.exceptions import InvalidTrigger

if TYPE_CHECKING:
    from django_tasks_fsm.core.triggers.base import Trigger

FIRST_STRIDE = timedelta(minutes=1)


def step(trigger: Trigger, previous: datetime | None, now: datetime) -> datetime | None:
    """Return the trigger's next slot; raise InvalidTrigger where it does not lie after ``previous``."""
    found = trigger.next_after(previous, now)
    if found is not None and previous is not None and found <= previous:
        raise InvalidTrigger(
            f"A trigger of kind {trigger.kind!r} answered {found} when asked for a time after {previous}. "
            "It would fire for ever: correct its next_after()."
        )
    return found


def preview(trigger: Trigger, now: datetime, count: int) -> list[datetime]:
    """Return the first ``count`` slots that a trigger set at ``now`` would have."""
    found: list[datetime] = []
    while len(found) < count:
        following = step(trigger, found[-1] if found else None, now)
        if following is None:
            break
        found.append(following)
    return found


def newest_slots(trigger: Trigger, floor: datetime, now: datetime, keep: int) -> tuple[datetime, ...]:
    """Return the newest ``keep`` slots in [``floor``, ``now``], oldest first; ``floor`` counts as a slot.

    The cost depends on ``keep``, not on how many slots there are: about two questions a slot when they are regular.
    """
    found: deque[datetime] = deque()
    limit, stride = now, FIRST_STRIDE
    while len(found) < keep and (not found or found[0] > floor):
        slot = last_slot(trigger, floor, limit, stride)
        if found:
            stride = found[0] - slot
        found.appendleft(slot)
        limit = slot - TICK
    return tuple(found)


def last_slot(trigger: Trigger, floor: datetime, limit: datetime, stride: timedelta) -> datetime:
    """Return the last slot in [``floor``, ``limit``]; ``stride`` is a guess of how far back it lies."""
    low, high = _gallop_back(trigger, floor, limit, stride)
    following = step(trigger, low, limit)
    while following is not None and following <= limit:
        low, high = _halve(trigger, following, high, limit)
        following = step(trigger, low, limit)
    return low


def _gallop_back(trigger: Trigger, floor: datetime, limit: datetime, stride: timedelta) -> tuple[datetime, datetime]:
    """Return a slot and an instant behind which there is none, in strides that double."""
    high = limit
    while limit - floor > stride:
        found = step(trigger, limit - stride, limit)
        if found is not None and found <= limit:
            return found, high
        high = limit - stride
        stride *= 2
    return floor, high


def _halve(trigger: Trigger, low: datetime, high: datetime, limit: datetime) -> tuple[datetime, datetime]:
    """Bring the slot ``low`` and the empty end ``high`` closer together until ``low`` has moved, or they meet."""
    while high - low > TICK:
        middle = low + (high - low) / 2
        found = step(trigger, middle, limit)
        if found is not None and found <= limit:
            return found, high
        high = middle
    return low, high

"""When a service ticks: on the slots of its trigger, late ones together in one tick."""

from __future__ import annotations

from datetime import datetime

from django_tasks_fsm.core.misfire import MisfirePolicy, plan
from django_tasks_fsm.core.triggers import Trigger


class Grid:
    """Know the slot that is next. It goes on from ``last``, the slot that a former holder did; else it begins now.

    A slot that passed while nobody held the service is made up for, once for all that passed.
    """

    def __init__(self, trigger: Trigger, last: datetime | None, now: datetime) -> None:
        self.trigger = trigger
        self.last = last
        self.next = trigger.next_after(last, now)

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is time to tick."""
        return self.next is not None and self.next <= now

    def take(self, now: datetime) -> None:
        """Note that a tick stands for every slot up to ``now``."""
        if self.next is not None:
            planned = plan(self.trigger, self.next, now, MisfirePolicy())
            self.last, self.next = planned.slots[-1].scheduled_for, planned.next_slot

    def ended(self, now: datetime) -> None:
        """Note that a tick is over: a delay that counts from there begins."""
        if self.trigger.delay_after_end is not None and self.next is not None:
            self.last = now
            self.next = self.trigger.next_after(now, now)

    def skip(self, now: datetime) -> None:
        """Let the slots up to ``now`` go by without a tick."""
        if self.is_due(now):
            self.take(now)

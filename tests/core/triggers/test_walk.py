from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.triggers import Cron, Interval, Manual, Once, Trigger, preview
from django_tasks_fsm.core.triggers.walk import newest_slots
from django_tasks_fsm.exceptions import InvalidTrigger
from tests.properties import examples

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Fixed(Trigger):
    """Fires at given distances from noon, and counts how often it is asked."""

    kind: ClassVar[str] = "fixed"
    seconds: tuple[int, ...]
    asked: list[datetime] = field(default_factory=list)

    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        base = previous or now
        self.asked.append(base)
        return next((slot for slot in self.slots() if slot > base), None)

    def slots(self) -> list[datetime]:
        return [NOON + timedelta(seconds=s) for s in self.seconds]

    def to_json(self) -> dict[str, Any]:
        return self.envelope()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(())

    def describe(self) -> str:
        return "fixed"


class Backwards(Fixed):
    def next_after(self, previous: datetime | None, now: datetime) -> datetime | None:
        return NOON


def test_preview_shows_the_first_slots():
    assert preview(Cron("0 0 * * *"), NOON, 2) == [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3)]


def test_preview_ends_with_the_trigger():
    assert preview(Manual(), NOON, 5) == []
    assert preview(Once(NOON), NOON + timedelta(days=1), 5) == [NOON]
    assert preview(Cron("0 0 * * *"), NOON, 0) == []


def test_preview_asks_for_the_same_answer_twice():
    trigger = Interval(timedelta(seconds=7))
    assert preview(trigger, NOON, 4) == preview(trigger, NOON, 4)


def test_a_trigger_that_does_not_move_forward_is_stopped():
    with pytest.raises(InvalidTrigger, match="It would fire for ever"):
        preview(Backwards(()), NOON, 5)


@examples(40)
@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30, unique=True), st.integers(1, 8), st.integers(0, 10**7))
def test_the_newest_slots_are_those_that_a_walk_would_find(seconds, keep, age):
    trigger = Fixed((0, *sorted(seconds)))
    now = NOON + timedelta(seconds=age)
    wanted = [slot for slot in trigger.slots() if slot <= now][-keep:]
    assert newest_slots(trigger, NOON, now, keep) == tuple(wanted)


def test_the_newest_slots_are_found_without_visiting_the_others():
    trigger = Fixed(tuple(range(0, 1_200_000, 600)))
    found = newest_slots(trigger, NOON, NOON + timedelta(seconds=1_199_999), keep=50)
    assert found == tuple(trigger.slots()[-50:])
    assert len(trigger.asked) < 200

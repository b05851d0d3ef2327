from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.misfire import MisfirePolicy, plan
from django_tasks_fsm.core.triggers import Cron, all_of, at, cron, every, preview
from django_tasks_fsm.core.triggers import all_of as both
from django_tasks_fsm.core.triggers.all_of import MAX_JUMPS, AllOf

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEVEN = every(7, start=MIDNIGHT)


def test_it_fires_at_the_common_times_only():
    assert preview(both(cron("* * * * *"), SEVEN), MIDNIGHT, 3) == [MIDNIGHT + n * 7 * HOUR / 60 for n in (1, 2, 3)]


def test_an_interval_and_a_cron_expression_go_on_after_their_first_common_time():
    found = preview(both(cron("0 0 * * *"), every(36 * HOUR, start=MIDNIGHT)), MIDNIGHT, 3)
    assert [slot.day for slot in found] == [4, 7, 10]


@pytest.mark.fault("F57")
@pytest.mark.parametrize(
    "members",
    [
        (cron("0 * * * *"), cron("30 * * * *")),
        (cron("* * * * *"), every(60, start=MIDNIGHT + timedelta(microseconds=1))),
        (cron("* * * * *"), at(MIDNIGHT - HOUR)),
    ],
)
def test_what_never_agrees_never_fires_instead_of_searching_for_ever(members):
    assert all_of(*members).next_after(MIDNIGHT, MIDNIGHT) is None


class Counted(Cron):
    asked = 0

    def next_after(self, previous, now):
        Counted.asked += 1
        return super().next_after(previous, now)


def test_the_search_is_bounded():
    assert AllOf((Counted("0 * * * *"), cron("30 * * * *"))).next_after(None, MIDNIGHT) is None
    assert Counted.asked <= MAX_JUMPS


def test_many_missed_common_times_are_counted_up_to_a_limit():
    made = plan(both(cron("* * * * *"), SEVEN), MIDNIGHT, MIDNIGHT + 24 * HOUR, MisfirePolicy())
    (slot,) = made.slots
    assert not made.exact
    assert slot.scheduled_for == MIDNIGHT + timedelta(minutes=7 * 205)
    assert made.next_slot == MIDNIGHT + timedelta(minutes=7 * 206)

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.triggers import Interval, preview
from django_tasks_fsm.core.triggers.base import Trigger
from django_tasks_fsm.exceptions import InvalidTrigger
from tests.properties import examples

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEN = timedelta(seconds=10)
YEAR = timedelta(days=365)


def test_the_first_slot_without_start_is_one_interval_ahead():
    assert Interval(TEN).next_after(None, NOON) == NOON + TEN


def test_lateness_does_not_shift_the_grid():
    late = NOON + timedelta(seconds=47)
    assert Interval(TEN).next_after(NOON, late) == NOON + TEN
    assert Interval(TEN, start=NOON).next_after(None, late) == NOON + 5 * TEN


def test_a_future_start_is_the_first_slot():
    assert preview(Interval(TEN, start=NOON + YEAR), NOON, 2) == [NOON + YEAR, NOON + YEAR + TEN]


def test_a_slot_moved_by_a_person_returns_to_the_grid_of_start():
    assert Interval(TEN, start=NOON).next_after(NOON + timedelta(seconds=3), NOON) == NOON + TEN


def test_the_end_is_the_last_slot():
    trigger = Interval(TEN, start=NOON, end=NOON + 2 * TEN)
    assert preview(trigger, NOON, 9) == [NOON + TEN, NOON + 2 * TEN]


def test_it_follows_real_time_when_clocks_change():
    before = datetime(2026, 3, 29, 1, 30, tzinfo=ZoneInfo("Europe/Paris"))
    found = Interval(timedelta(hours=1)).next_after(before, before)
    assert found == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.fault("F58")
def test_the_end_of_the_calendar_is_the_end():
    assert Interval(TEN).next_after(datetime.max.replace(tzinfo=UTC), NOON) is None


@pytest.mark.fault("F58")
@pytest.mark.parametrize(
    "every", [timedelta(0), -TEN, timedelta(microseconds=1), timedelta(milliseconds=9), 101 * YEAR, timedelta.max]
)
def test_an_interval_out_of_range_is_refused(every):
    with pytest.raises(InvalidTrigger, match="from 10 ms to 36525 days"):
        Interval(every)


@pytest.mark.parametrize("every", [None, 5, "10", float("nan")])
def test_an_interval_must_be_a_timedelta(every):
    with pytest.raises(InvalidTrigger, match="every must be a timedelta"):
        Interval(every)


@pytest.mark.fault("F58")
@pytest.mark.parametrize("every", [float("nan"), float("inf"), 0, -1, 10**400, True, "5", None, [], 1e-9])
def test_hostile_seconds_in_json_are_refused(every):
    with pytest.raises(InvalidTrigger, match="every"):
        Interval.from_json({"every": every})


def test_counting_a_year_of_10_ms_slots_is_exact_and_immediate():
    trigger = Interval(timedelta(milliseconds=10))
    due = trigger.due(NOON, NOON + YEAR, keep=2)
    assert due.count == YEAR // trigger.every + 1
    assert due.slots == (NOON + YEAR - trigger.every, NOON + YEAR)


@examples(60)
@given(
    every=st.integers(1, 50),
    start=st.none() | st.integers(-80, 80),
    end=st.none() | st.integers(80, 200),
    age=st.integers(0, 250),
    keep=st.integers(1, 6),
)
def test_division_finds_what_walking_finds(every, start, end, age, keep):
    def instant(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOON + timedelta(seconds=seconds)

    trigger = Interval(timedelta(seconds=every), start=instant(start), end=instant(end))
    now = NOON + timedelta(seconds=age)
    assert trigger.due(NOON, now, keep) == Trigger.due(trigger, NOON, now, keep)


@pytest.mark.parametrize(
    ("every", "words"),
    [
        (timedelta(hours=1, minutes=30), "every 1 h 30 min"),
        (timedelta(milliseconds=20), "every 0.02 s"),
        (timedelta(days=2, seconds=1), "every 2 d 1 s"),
    ],
)
def test_the_description_is_readable(every, words):
    assert Interval(every).describe() == words


def test_a_delay_after_the_end_has_no_grid_and_never_missed_a_slot():
    trigger = Interval(TEN, from_end=True)
    assert trigger.delay_after_end == TEN
    assert Interval(TEN).delay_after_end is None
    due = trigger.due(NOON, NOON + YEAR, keep=5)
    assert (due.slots, due.count) == ((NOON,), 1)


def test_a_delay_after_the_end_begins_at_its_start():
    trigger = Interval(TEN, start=NOON, from_end=True)
    assert trigger.next_after(None, NOON - YEAR) == NOON
    assert trigger.next_after(NOON + timedelta(seconds=3), NOON) == NOON + timedelta(seconds=13)


@pytest.mark.parametrize("from_end", [1, "yes", None])
def test_from_end_is_true_or_false(from_end):
    with pytest.raises(InvalidTrigger, match="from_end is"):
        Interval(TEN, from_end=from_end)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.misfire import InvalidMisfirePolicy, MisfirePolicy, Plan, PlannedSlot, plan
from django_tasks_fsm.core.triggers import Cron, Interval, Manual, Once
from tests.properties import examples

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
HOURLY = Cron("0 * * * *")
LATEST, ALL, NONE = MisfirePolicy(), MisfirePolicy("all"), MisfirePolicy("none")


@pytest.mark.parametrize("policy", [LATEST, ALL, NONE])
def test_a_slot_on_time_is_one_run(policy):
    assert plan(HOURLY, NOON, NOON + SECOND, policy) == Plan((PlannedSlot(NOON),), NOON + HOUR)


@pytest.mark.parametrize("policy", [LATEST, ALL, NONE])
def test_a_slot_that_is_not_due_waits(policy):
    assert plan(HOURLY, NOON, NOON - SECOND, policy) == Plan((), NOON)


def test_latest_is_one_run_that_stands_for_all():
    found = plan(HOURLY, NOON, NOON + 5.5 * HOUR, LATEST)
    assert found == Plan((PlannedSlot(NOON + 5 * HOUR, stands_for=6),), NOON + 6 * HOUR)


def test_all_is_one_run_for_each_slot():
    found = plan(HOURLY, NOON, NOON + 2.5 * HOUR, ALL)
    assert found == Plan(tuple(PlannedSlot(NOON + n * HOUR) for n in range(3)), NOON + 3 * HOUR)


def test_all_keeps_the_newest_up_to_the_cap():
    found = plan(HOURLY, NOON, NOON + 9.5 * HOUR, MisfirePolicy("all", cap=2))
    assert found == Plan((PlannedSlot(NOON + 8 * HOUR), PlannedSlot(NOON + 9 * HOUR)), NOON + 10 * HOUR, dropped=8)


def test_none_records_what_was_missed_and_runs_nothing():
    found = plan(HOURLY, NOON, NOON + 2.5 * HOUR, NONE)
    assert found == Plan((PlannedSlot(NOON + 2 * HOUR, stands_for=3, skipped=True),), NOON + 3 * HOUR)


def test_none_still_runs_the_slot_that_is_on_time():
    found = plan(HOURLY, NOON, NOON + 2 * HOUR + SECOND, NONE)
    assert found.slots == (PlannedSlot(NOON + HOUR, stands_for=2, skipped=True), PlannedSlot(NOON + 2 * HOUR))


def test_grace_is_measured_from_the_slot():
    policy = MisfirePolicy("all", grace=HOUR)
    found = plan(HOURLY, NOON, NOON + 2.5 * HOUR, policy)
    assert [each.skipped for each in found.slots] == [True, True, False]
    assert not plan(HOURLY, NOON, NOON + HOUR - SECOND, MisfirePolicy(grace=HOUR)).slots[0].skipped


def test_latest_past_its_grace_is_skipped_with_its_count():
    found = plan(Cron("0 12 * * *"), NOON, NOON + 30 * HOUR, MisfirePolicy(grace=HOUR))
    assert found.slots == (PlannedSlot(NOON + 24 * HOUR, stands_for=2, skipped=True),)


def test_a_grace_of_zero_runs_a_slot_found_at_once():
    assert not plan(HOURLY, NOON, NOON, MisfirePolicy(grace=timedelta(0))).slots[0].skipped


@pytest.mark.parametrize("trigger", [Once(NOON), Manual(), Cron("0 12 * * *", end=NOON)])
def test_a_trigger_without_further_slots_is_exhausted(trigger):
    assert plan(trigger, NOON, NOON + 9 * HOUR, LATEST) == Plan((PlannedSlot(NOON),), None)


@pytest.mark.fault("F56")
def test_a_year_of_10_ms_slots_is_planned_at_once():
    ten_ms = timedelta(milliseconds=10)
    found = plan(Interval(ten_ms), NOON, NOON + timedelta(days=365), LATEST)
    assert found.slots[0].stands_for == 365 * 24 * 3600 * 100 + 1
    assert (found.next_slot, found.exact) == (NOON + timedelta(days=365) + ten_ms, True)


@pytest.mark.parametrize("policy", [LATEST, MisfirePolicy("all", cap=100), NONE])
def test_a_year_of_minutes_is_planned_with_counts_that_say_at_least(policy):
    now = NOON + timedelta(days=365)
    found = plan(Cron("* * * * *", "Europe/Paris"), NOON, now, policy)
    assert found.slots[-1].scheduled_for == now
    assert not found.exact
    assert found.next_slot == now + timedelta(minutes=1)


@examples(40)
@given(
    trigger=st.sampled_from([HOURLY, Interval(7 * HOUR), Interval(HOUR, start=NOON + HOUR / 3), Cron("*/50 * * * *")]),
    late=st.timedeltas(timedelta(0), timedelta(days=4)),
    policy=st.builds(
        MisfirePolicy,
        st.sampled_from(["latest", "all", "none"]),
        st.none() | st.timedeltas(timedelta(0), 20 * HOUR),
        st.integers(1, 300),
    ),
)
def test_no_slot_is_lost_and_none_is_planned_twice(trigger, late, policy):
    now = NOON + late
    found = plan(trigger, NOON, now, policy)
    slots = [NOON]
    while (following := trigger.next_after(slots[-1], now)) <= now:
        slots.append(following)
    assert sum(each.stands_for for each in found.slots) + found.dropped == len(slots)
    assert [each.scheduled_for for each in found.slots] == slots[-len(found.slots) :]
    assert found.next_slot == following > now


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"catch_up": "some"}, "must be one of: latest, all, none"),
        ({"grace": -SECOND}, "grace is"),
        ({"grace": 5}, "grace is 5"),
        ({"cap": 0}, "cap is 0"),
        ({"cap": True}, "cap is True"),
        ({"cap": 10**9}, "from 1 to 10000"),
    ],
)
def test_a_bad_policy_is_named(options, problem):
    with pytest.raises(InvalidMisfirePolicy, match=problem):
        MisfirePolicy(**options)

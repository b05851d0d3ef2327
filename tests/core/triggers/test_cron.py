from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from django_tasks_fsm.core.triggers import Cron, preview
from django_tasks_fsm.exceptions import InvalidTrigger, ScheduleNeverFires

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_answer_is_aware_utc_and_strictly_later():
    slot = Cron("0 13 * * *", "Europe/Paris").next_after(None, NOON)
    assert slot == NOON + DAY
    assert slot.tzinfo is UTC


def test_missed_slots_come_one_after_another():
    assert Cron("0 0 * * *").next_after(NOON - 9 * DAY, NOON) == datetime(2025, 12, 24, tzinfo=UTC)


def test_asking_twice_gives_the_same():
    trigger = Cron("*/7 1-3 * * *", "Australia/Lord_Howe")
    assert [trigger.next_after(None, NOON) for _ in range(3)] == [trigger.next_after(None, NOON)] * 3


def test_an_instant_in_another_zone_is_the_same_instant():
    trigger = Cron("30 2 * * *", "Europe/Paris")
    repeated = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    tokyo = repeated.astimezone(ZoneInfo("Asia/Tokyo"))
    assert trigger.next_after(tokyo, NOON) == trigger.next_after(repeated, NOON)


def test_a_naive_now_is_refused():
    with pytest.raises(InvalidTrigger, match=r"now is .* without a time zone"):
        Cron("* * * * *").next_after(None, datetime(2026, 1, 1))


def test_the_window_includes_both_ends():
    trigger = Cron("0 12 * * *", start=NOON + DAY, end=NOON + 3 * DAY)
    assert preview(trigger, NOON, 9) == [NOON + DAY, NOON + 2 * DAY, NOON + 3 * DAY]


@pytest.mark.parametrize("now", [datetime.max, datetime(9999, 12, 31, 12)])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("expression", ["* * * * *", "30 2 * * *"])
def test_the_end_of_the_calendar_ends_the_schedule(now, zone, expression):
    found = Cron(expression, zone).next_after(None, now.replace(tzinfo=UTC))
    assert found is None or found.year == 9999


def test_impossible_dates_are_refused_at_construction():
    with pytest.raises(ScheduleNeverFires):
        Cron("0 0 30 2 *")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone is 'Mars/Olympus'"),
        ({"timezone": None}, "timezone is None"),
        ({"policy": "often"}, "policy is 'often', but must be one of: vixie, skip, both, utc"),
        ({"policy": []}, "policy is"),
        ({"start": NOON, "end": NOON - DAY}, "lies before start"),
        ({"start": "2026-01-01"}, "start must be a datetime"),
        ({"seed": None}, "seed must be text"),
    ],
)
def test_a_bad_option_is_named(options, problem):
    with pytest.raises(InvalidTrigger, match=problem):
        Cron("* * * * *", **options)


def test_spellings_that_differ_in_blanks_are_equal():
    assert Cron(" 0  2 * * * ") == Cron("0 2 * * *")


def test_the_description_says_what_is_unusual():
    assert Cron("0 2 * * *", "Europe/Paris").describe() == "cron '0 2 * * *' in Europe/Paris"
    assert Cron("0 2 * * *", policy="skip", end=NOON).describe().endswith("(skip), until 2026-01-01 12:00:00+00:00")

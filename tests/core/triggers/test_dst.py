"""Cron at changes of the clocks, against an oracle that walks minute by minute and knows neither croniter nor folds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from django_tasks_fsm.core.triggers import Cron, preview
from django_tasks_fsm.core.triggers.dst import MAX_STEPS, POLICIES, next_instant
from django_tasks_fsm.core.triggers.expression import Expression
from django_tasks_fsm.core.triggers.local_times import LocalTimes
from django_tasks_fsm.exceptions import InvalidTrigger
from tests.core.triggers.oracle import CHANGES, EXPRESSIONS, wanted, window


@pytest.mark.fault("F55")
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("zone", CHANGES)
def test_a_policy_agrees_with_a_walk_minute_by_minute(zone, policy):
    for day in CHANGES[zone]:
        minutes, shown = window(zone, day)
        assert minutes[-1] - minutes[0] != shown[-1] - shown[0], f"no change of the clocks in {zone} on {day}"
        for expression in EXPRESSIONS:
            slots = [slot for slot in wanted(expression, zone, day, policy) if slot > minutes[1]]
            found = preview(Cron(expression, zone, policy=policy), minutes[1], len(slots))
            assert found == slots, (expression, day)


@pytest.mark.parametrize("zone", CHANGES)
def test_the_answer_depends_on_the_instant_only(zone):
    for day in CHANGES[zone]:
        minutes, _ = window(zone, day)
        for expression in EXPRESSIONS[::4]:
            slots = wanted(expression, zone, day)
            for now in minutes[61 : 40 * 60 - 1560 : 31]:
                then = now + timedelta(seconds=59, microseconds=7)
                assert Cron(expression, zone).next_after(None, then) == next(slot for slot in slots if slot > then)


GAP, OVERLAP = "2025-03-29T22:00+00:00", "2025-10-25T22:00+00:00"


@pytest.mark.parametrize(
    ("policy", "expression", "after", "slots"),
    [
        ("vixie", "30 2 * * *", GAP, ["30 01:00", "31 00:30"]),
        ("skip", "30 2 * * *", GAP, ["31 00:30", "01 00:30"]),
        ("both", "30 2 * * *", GAP, ["30 01:00", "31 00:30"]),
        ("utc", "30 2 * * *", GAP, ["30 02:30", "31 02:30"]),
        ("vixie", "30 2 * * *", OVERLAP, ["26 00:30", "27 01:30"]),
        ("skip", "30 2 * * *", OVERLAP, ["26 00:30", "27 01:30"]),
        ("both", "30 2 * * *", OVERLAP, ["26 00:30", "26 01:30", "27 01:30"]),
        ("utc", "30 2 * * *", OVERLAP, ["26 02:30", "27 02:30"]),
        ("vixie", "30 * * * *", GAP, ["29 22:30", "29 23:30", "30 00:30", "30 01:30"]),
        ("skip", "30 * * * *", GAP, ["29 22:30", "29 23:30", "30 00:30", "30 01:30"]),
        ("both", "30 * * * *", GAP, ["29 22:30", "29 23:30", "30 00:30", "30 01:00", "30 01:30"]),
        ("vixie", "30 * * * *", OVERLAP, ["25 22:30", "25 23:30", "26 00:30", "26 01:30", "26 02:30"]),
        ("skip", "30 * * * *", OVERLAP, ["25 22:30", "25 23:30", "26 00:30", "26 02:30"]),
        ("both", "*/30 2 * * *", OVERLAP, ["26 00:00", "26 00:30", "26 01:00", "26 01:30", "27 01:00"]),
        ("vixie", "*/30 2 * * *", GAP, ["30 01:00", "31 00:00"]),
        ("both", "0 2 * * *", GAP, ["30 01:00", "31 00:00"]),
        ("both", "0 2,3 * * *", GAP, ["30 01:00", "31 00:00"]),
    ],
)
def test_each_policy_in_paris(policy, expression, after, slots):
    trigger = Cron(expression, "Europe/Paris", policy=policy)
    found = preview(trigger, datetime.fromisoformat(after), len(slots))
    assert [f"{slot:%d %H:%M}" for slot in found] == slots


@pytest.mark.parametrize("policy", ["vixie", "skip", "both"])
def test_a_schedule_of_seconds_does_not_count_through_a_gap_of_a_whole_day(policy):
    end = datetime(2011, 12, 30, 10, tzinfo=UTC)
    trigger = Cron("* 5 * * * *", "Pacific/Apia", policy=policy)
    found = trigger.next_after(None, end - timedelta(hours=3))
    assert found == (end + timedelta(hours=5) if policy == "skip" else end)


def test_every_second_once_in_the_repeated_hours_waits_for_their_end():
    second_pass = datetime(2025, 10, 26, 1, 0, 0, 500_000, tzinfo=UTC)
    trigger = Cron("* * * * * *", "Antarctica/Troll", policy="skip")
    assert trigger.next_after(None, second_pass) == datetime(2025, 10, 26, 3, tzinfo=UTC)


class Stuck(LocalTimes):
    """Names the same time for ever, as no expression should."""

    asked = 0

    def after(self, local: datetime) -> datetime:
        self.asked += 1
        return datetime(2000, 1, 1)


@pytest.mark.fault("F55")
@pytest.mark.parametrize("policy", ["vixie", "skip"])
def test_a_search_without_progress_is_stopped(policy):
    stuck = Stuck("0 0 * * *", "", shown="0 0 * * *")
    with pytest.raises(InvalidTrigger, match="made no progress"):
        next_instant(
            Expression(stuck, hourly=False), ZoneInfo("Europe/Paris"), policy, datetime(2025, 1, 1, tzinfo=UTC)
        )
    assert stuck.asked <= MAX_STEPS + 2

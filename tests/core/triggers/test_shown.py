from __future__ import annotations

from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core.triggers import cron, every, preview, shown

NIGHTLY = cron("30 2 * * *", "Europe/Paris")
SPRING, AUTUMN = datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("trigger", "now", "marks"),
    [
        (NIGHTLY, SPRING, ["moved", ""]),
        (NIGHTLY, AUTUMN, ["first", ""]),
        (cron("30 2 * * *", "Europe/Paris", policy="both"), AUTUMN, ["first", "second", ""]),
        (cron("30 2 * * *", "Europe/Paris", policy="utc"), SPRING, ["", ""]),
        (cron("0 3 * * *", "Europe/Paris"), SPRING, ["", ""]),
        (cron("15 2 * * *", "Australia/Lord_Howe"), datetime(2025, 10, 4, tzinfo=UTC), ["moved", ""]),
        (cron("45 1 * * *", "Australia/Lord_Howe"), datetime(2025, 4, 5, 0, tzinfo=UTC), ["first", ""]),
    ],
)
def test_a_change_of_the_clocks_is_marked(trigger, now, marks):
    assert [shown(trigger, slot).mark for slot in preview(trigger, now, len(marks))] == marks


def test_a_slot_is_told_on_the_clocks_of_the_trigger_or_of_another_zone():
    (slot,) = preview(NIGHTLY, datetime(2026, 7, 1, tzinfo=UTC), 1)
    assert f"{shown(NIGHTLY, slot).local:%H:%M %Z}" == "02:30 CEST"
    assert f"{shown(NIGHTLY, slot, 'Asia/Tokyo').local:%H:%M %Z}" == "09:30 JST"
    assert shown(every(60), slot).local.tzname() == "UTC"

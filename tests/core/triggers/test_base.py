from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.triggers import Cron, Manual, Once
from django_tasks_fsm.core.triggers.base import COUNT_LIMIT, Due
from django_tasks_fsm.exceptions import InvalidTrigger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_due_counts_the_slots_up_to_now_and_keeps_the_newest():
    due = Cron("*/10 * * * *").due(NOON, NOON + 35 * MINUTE, keep=2)
    assert due == Due((NOON + 20 * MINUTE, NOON + 30 * MINUTE), count=4)


def test_a_slot_at_this_very_instant_is_due():
    assert Cron("*/10 * * * *").due(NOON, NOON + 10 * MINUTE, keep=1) == Due((NOON + 10 * MINUTE,), count=2)


def test_a_slot_moved_by_a_person_counts_beside_the_grid():
    moved = NOON + 3 * MINUTE
    assert Cron("*/10 * * * *").due(moved, NOON + 11 * MINUTE, keep=9) == Due((moved, NOON + 10 * MINUTE), count=2)


@pytest.mark.parametrize("trigger", [Manual(), Once(NOON)])
def test_a_trigger_without_a_second_slot_has_one_due(trigger):
    assert trigger.due(NOON, NOON + timedelta(days=900), keep=5) == Due((NOON,), count=1)


def test_beyond_the_limit_the_newest_are_exact_and_the_count_is_a_lower_bound():
    now = NOON + timedelta(days=365, seconds=30)
    due = Cron("* * * * *").due(NOON, now, keep=3)
    assert due.slots == tuple(now - timedelta(seconds=30) - n * MINUTE for n in (2, 1, 0))
    assert (due.count, due.exact) == (COUNT_LIMIT + 1, False)


def test_the_count_is_exact_up_to_the_limit():
    due = Cron("* * * * *").due(NOON, NOON + (COUNT_LIMIT - 1) * MINUTE, keep=1)
    assert (due.count, due.exact) == (COUNT_LIMIT, True)


def test_a_missing_key_is_named():
    with pytest.raises(InvalidTrigger, match="Key 'at' is missing: a trigger of kind 'once' needs it"):
        Once.from_json({"version": 1, "kind": "once"})


def test_an_unknown_key_is_named_with_the_known_ones():
    with pytest.raises(InvalidTrigger, match=r"Key 'when' is unknown.*version, kind, at"):
        Once.from_json({"at": "2026-01-01T12:00:00+00:00", "when": 1})

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from django_tasks_fsm.core.triggers import AnyOf, any_of, at, cron, every, load
from django_tasks_fsm.exceptions import InvalidTrigger

DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAILY = cron("0 5 * * *")


@pytest.mark.parametrize("members", [(), (DAILY,), (DAILY,) * 11, (DAILY, "0 6 * * *"), None, 5])
def test_too_few_too_many_and_what_is_no_trigger_is_refused(members: Any):
    with pytest.raises(InvalidTrigger, match="of must be a list of 2 to 10 triggers"):
        AnyOf(members)


def test_an_interval_without_a_start_is_refused_with_the_reason():
    with pytest.raises(InvalidTrigger, match="needs a start here: without one its grid would begin anew"):
        any_of(DAILY, every(60))


def test_a_delay_after_the_end_cannot_be_combined():
    with pytest.raises(InvalidTrigger, match="give it a task of its own"):
        any_of(DAILY, every(60, from_end=True))


def test_three_deep_is_deep_enough():
    two = any_of(DAILY, at(DAY))
    three = any_of(two, DAILY)
    with pytest.raises(InvalidTrigger, match="3 deep"):
        any_of(three, DAILY)


def test_hostile_json_is_refused_before_it_is_read():
    nested: dict[str, Any] = {"version": 1, "kind": "any", "of": []}
    for _ in range(900):
        nested = {"version": 1, "kind": "any", "of": [nested, nested]}
    with pytest.raises(InvalidTrigger, match="nested deeper than 3"):
        load(nested)

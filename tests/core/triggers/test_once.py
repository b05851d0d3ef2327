from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.triggers import Once
from django_tasks_fsm.exceptions import InvalidTrigger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("now", [NOON - DAY, NOON, NOON + DAY])
def test_it_fires_even_when_its_time_is_past(now):
    assert Once(NOON).next_after(None, now) == NOON


def test_it_does_not_fire_again():
    assert Once(NOON).next_after(NOON, NOON - DAY) is None
    assert Once(NOON).next_after(NOON + DAY, NOON + DAY) is None


def test_a_naive_time_is_refused():
    with pytest.raises(InvalidTrigger, match=r"at is .* without a time zone"):
        Once(datetime(2026, 1, 1))

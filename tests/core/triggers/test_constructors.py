from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers import Cron, Interval, Once
from django_tasks_fsm.exceptions import InvalidTrigger

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_cron_takes_the_fields_of_the_class():
    assert triggers.cron("0 2 * * *", "Europe/Paris", policy="skip") == Cron("0 2 * * *", "Europe/Paris", "skip")


def test_every_takes_a_timedelta_or_seconds():
    assert triggers.every(90) == triggers.every(timedelta(seconds=90)) == Interval(timedelta(minutes=1, seconds=30))
    assert triggers.every(0.5, start=NOON).start == NOON


@pytest.mark.parametrize("seconds", [0, -3, float("nan"), float("inf"), None, "5", True])
def test_every_refuses_what_is_no_interval(seconds):
    with pytest.raises(InvalidTrigger, match="every"):
        triggers.every(seconds)


def test_at_takes_an_instant():
    assert triggers.at(NOON) == Once(NOON)

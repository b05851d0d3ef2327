"""Times and durations as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from django_tasks_fsm.admin.times import absolute, brief, duration, planned, relative, stamp

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"), (0, "0 s"), (0.04, "0 s"), (0.25, "0.2 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (71, "1 min 11 s"), (3599.7, "1 h 00 min"), (3661, "1 h 01 min"), (86_399.9, "1 d 0 h"),
        (190_000, "2 d 4 h"),
    ],
)  # fmt: skip
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(("ahead", "text"), [(0.4, "now"), (90, "in 1 min 30 s"), (-90, "1 min 30 s ago")])
def test_a_moment_lies_ahead_or_back(ahead: float, text: str) -> None:
    assert relative(NOON + timedelta(seconds=ahead), NOON) == text


def test_times_are_told_in_the_current_zone(settings: Any) -> None:
    moment = datetime(1999, 7, 1, 22, 30, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert absolute(moment) == "2 Jul 1999, 07:30:00"
        assert stamp(moment) == '<time datetime="1999-07-01T22:30:00+00:00">2 Jul 1999, 07:30:00</time>'


def test_this_year_needs_no_year() -> None:
    assert str(timezone.localtime().year) not in absolute(timezone.now())


def test_no_moment_is_a_dash() -> None:
    assert "\N{EN DASH}" in stamp(None)
    assert "\N{EN DASH}" in brief(None)


def test_months_are_told_in_the_user_s_language() -> None:
    with translation.override("de"), timezone.override("UTC"):
        assert "Mai" in absolute(datetime(1999, 5, 1, tzinfo=UTC))


def test_a_plan_that_nobody_followed_is_late() -> None:
    assert ">3 min 20 s late</time>" in planned(timezone.now() - timedelta(seconds=200, milliseconds=-200))
    assert ">in 3 min" in planned(timezone.now() + timedelta(seconds=199))

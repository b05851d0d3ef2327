from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from django_tasks_fsm.drawing.axis import MOST_TICKS, Axis, axis_over
from tests.drawing.times import BEGIN, at


def test_the_axis_spans_what_happened():
    axis = axis_over([at(5), at(0), at(10)], 100, 50)
    assert axis is not None
    assert [axis.x(at(second)) for second in (0, 5, 10)] == [100, 125, 150]


def test_nothing_has_no_axis():
    assert axis_over([], 0, 10) is None


def test_what_lies_outside_is_kept_at_the_edge():
    axis = Axis(at(0), at(10), 0, 100)
    assert (axis.x(at(-5)), axis.x(at(99))) == (0, 100)


def test_a_moment_without_length_can_be_drawn():
    axis = Axis(at(0), at(0), 0, 100)
    assert axis.x(at(0)) == 0
    assert axis.ticks()


@pytest.mark.parametrize("seconds", [0.002, 0.5, 7, 61, 3_600, 90_000, 10_000_000, 4_000_000_000])
def test_every_span_has_a_few_ticks(seconds):
    ticks = Axis(BEGIN, BEGIN + timedelta(seconds=seconds), 0, 100).ticks()
    assert 0 <= len(ticks) <= 2 * MOST_TICKS + 1
    assert [x for x, _ in ticks] == sorted(x for x, _ in ticks)


def test_ticks_are_round_and_written_as_finely_as_they_stand():
    assert [text for _, text in Axis(at(1), at(9), 0, 100).ticks()][:2] == ["14:00:01", "14:00:02"]
    assert [text for _, text in Axis(at(30), at(400), 0, 100).ticks()][:2] == ["14:01", "14:02"]
    assert Axis(at(0), at(0.01), 0, 100).ticks()[1][1] == "14:00:00.002"


def test_the_night_without_two_oclock_has_no_such_tick():
    zone = ZoneInfo("Europe/Vienna")
    begin = datetime(2030, 3, 30, 23, tzinfo=UTC).astimezone(zone)
    texts = [text for _, text in Axis(begin, begin + timedelta(hours=5), 0, 100).ticks()]
    assert "03:00" in texts
    assert "02:00" not in texts

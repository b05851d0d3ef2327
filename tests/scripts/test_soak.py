"""The verdict of a soak: what grows, leaks or gets slow is told from what does not."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from scripts.soak.plot import plot
from scripts.soak.verdict import MB, Sample, slope, verdict

STEADY = [Sample(5.0 * number, (60 * MB, 61 * MB), 12, 0.01, 0.05, 1500) for number in range(1, 121)]


def bad(samples):
    return [part.what for part in verdict(samples) if not part.is_good]


def test_what_stays_as_it_is_is_good():
    assert bad(STEADY) == []


def test_what_a_worker_keeps_from_its_first_minutes_is_no_leak():
    warming = [replace(one, rss=(min(60, 30 + number) * MB, 61 * MB)) for number, one in enumerate(STEADY)]
    assert bad(warming) == []


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("memory", lambda number: {"rss": (60 * MB, (60 + number) * MB)}),
        ("connections", lambda number: {"connections": 12 + number // 10}),
        ("waits", lambda number: {"waited_95": 0.05 + number / 100}),
        ("tables", lambda number: {"runs": 1500 + 100 * number}),
    ],
)
def test_what_grows_all_the_time_is_bad(what, change):
    assert bad([replace(one, **change(number)) for number, one in enumerate(STEADY)]) == [what]


def test_the_slope_is_that_of_the_line():
    assert slope([(0, 1), (1, 3), (2, 5)]) == 2
    assert slope([(1, 3)]) == 0


def test_the_plot_is_a_picture_with_a_line_for_each_measure():
    root = ET.fromstring(plot(STEADY, "two & more"))
    assert len(root.findall("{*}polyline")) == 6
    assert root.findtext("{*}title") == "two & more"

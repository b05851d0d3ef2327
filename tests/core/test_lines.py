"""Lines between a function and the database: bounded, numbered, storable."""

from __future__ import annotations

import pytest

from django_tasks_fsm.core.lines import LONGEST, Line, Lines


def filled(count: int, most: int = 1000, room: int = 100_000) -> Lines:
    lines = Lines(most, room)
    for number in range(1, count + 1):
        lines.add(float(number), 20, "shop", f"{number}")
    return lines


def numbers(lines: Lines) -> list[int]:
    return [line.number for line in lines.take()]


def test_lines_come_out_once_and_in_order() -> None:
    lines = filled(3)
    assert [(line.at, line.level, line.logger, line.message) for line in lines.take()] == [
        (1.0, 20, "shop", "1"), (2.0, 20, "shop", "2"), (3.0, 20, "shop", "3")
    ]  # fmt: skip
    assert (lines.take(), lines.count) == ([], 3)


def test_beyond_the_cap_of_lines_the_oldest_are_dropped_and_the_numbers_tell() -> None:
    assert numbers(filled(10, most=3)) == [8, 9, 10]


def test_beyond_the_cap_of_bytes_the_oldest_are_dropped() -> None:
    lines = Lines(100, 10)
    for text in ("aaaa", "bbbb", "ää€"):
        lines.add(0.0, 20, "", text)
    assert [line.message for line in lines.take()] == ["ää€"]
    assert lines.size == 15


def test_one_line_is_always_kept() -> None:
    lines = Lines(1, 1)
    lines.add(0.0, 20, "", "longer than the room")
    assert numbers(lines) == [1]


def test_lines_that_could_not_be_stored_stand_in_front_again_within_the_cap() -> None:
    lines = filled(3, most=4)
    taken = lines.take()
    lines.add(4.0, 20, "", "4")
    lines.add(5.0, 20, "", "5")
    lines.put_back(taken)
    assert numbers(lines) == [2, 3, 4, 5]


@pytest.mark.fault("F25", "F26")
def test_what_a_database_would_refuse_is_replaced() -> None:
    lines = Lines(10, 10**6)
    lines.add(0.0, 20, "a\x00b" * 100, "nul \x00 half \ud800 " + "x" * 2 * LONGEST)
    (line,) = lines.take()
    assert line.message.startswith("nul \u2400 half \\ud800 x")
    assert len(line.message) < LONGEST + 100
    assert 60 < len(line.logger) <= 100
    assert "\x00" not in line.logger


def test_a_line_survives_the_way_through_json() -> None:
    line = Line(1, 2.5, 20, "shop", "said")
    assert Line(*line.as_json()) == line

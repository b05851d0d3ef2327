from __future__ import annotations

from django_tasks_fsm.drawing.lanes import in_lanes
from tests.drawing.times import at, bar, line


def rows(*lines):
    return [(track.name, track.is_first, [one.key for one, _ in track.bars]) for track in in_lanes(lines, at(100))]


def test_what_follows_shares_a_row_and_what_overlaps_does_not():
    found = rows(line("a", bar(0, 10), lane="w"), line("b", bar(5, 20), lane="w"), line("c", bar(10, 12), lane="w"))
    assert found == [("w", True, ["a", "c"]), ("w", False, ["b"])]


def test_lanes_stand_by_name():
    assert [row[0] for row in rows(line("a", bar(0, 1), lane="w-2"), line("b", bar(0, 1), lane="w-1"))] == [
        "w-1",
        "w-2",
    ]


def test_a_running_one_takes_its_row_to_the_end():
    assert len(rows(line("a", bar(0, None), lane="w"), line("b", bar(50, 60), lane="w"))) == 2


def test_an_attempt_may_have_been_in_another_lane_than_the_last():
    found = rows(line("a", bar(0, 10, lane="w-9"), bar(20, 30), lane="w-1"))
    assert [row[0] for row in found] == ["w-1", "w-9"]


def test_what_never_began_is_in_no_lane():
    assert rows(line("a"), line("b", bar(None, 10), lane="w")) == []

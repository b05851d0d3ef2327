from __future__ import annotations

from django_tasks_fsm.drawing.axis import Axis
from django_tasks_fsm.drawing.bars import bar_shapes, critical_line, wait_line
from tests.drawing.times import at, bar, line

AXIS = Axis(at(0), at(100), 0, 1000)


def shapes(*args, name: str = ""):
    return bar_shapes(bar(*args), 0, AXIS, at(100), "u", name)


def test_a_bar_lies_where_its_time_does():
    (box,) = shapes(10, 30)
    assert (box.get("x"), box.get("width")) == ("100", "200")


def test_a_running_bar_ends_now_and_is_hollow():
    (box,) = shapes(60, None, "RUNNING")
    assert box.get("width") == "400"
    assert "fsm-open" in box.get("class", "")


def test_a_failed_bar_is_hatched_and_not_only_red():
    assert [shape.get("fill") for shape in shapes(10, 20, "FAILED")] == [None, "url(#u-hatch)"]
    assert len(shapes(10, 20, "DONE")) == 1


def test_the_shortest_bar_can_be_seen():
    assert shapes(10, 10)[0].get("width") == "2"


def test_an_attempt_whose_beginning_is_unknown_is_a_mark_at_its_end():
    (mark,) = shapes(None, 50, "FAILED")
    assert mark.tag == "path"
    assert mark.get("d", "").startswith("M500.0,")


def test_a_name_is_written_where_it_fits():
    assert [shape.text for shape in shapes(10, 60, name="fetch")][1:] == ["fetch"]
    assert len(shapes(10, 11, name="fetch")) == 1


def test_waiting_is_a_line_up_to_the_bar():
    found = wait_line((at(0), at(20)), 0, AXIS)
    assert (found.get("class"), found.get("x1"), found.get("x2")) == ("fsm-wait", "0", "200")


def test_the_critical_line_covers_waiting_and_running():
    (found,) = critical_line(line("a", bar(20, 50), waits=((at(10), at(20)),)), 0, AXIS, at(100))
    assert (found.get("x1"), found.get("x2")) == ("100", "500")
    assert critical_line(line("b"), 0, AXIS, at(100)) == []

from __future__ import annotations

import pytest

from django_tasks_fsm.drawing.gantt import draw_gantt
from django_tasks_fsm.drawing.timeline import MAX_ROWS
from tests.drawing.pictures import parsed, with_class
from tests.drawing.times import at, bar, line, timeline

NASTY = '<script>alert("x")</script>\x00 \u202e"&'


def test_each_run_is_a_row_with_its_name_state_and_note():
    markup = draw_gantt(timeline(line("a", bar(0, 10), label="fetch", note="ran 10 s")))
    (row,) = with_class(parsed(markup), "fsm-line")
    texts = [found.text for found in row.iter() if found.tag.endswith("text")]
    assert texts == ["fetch", "Done \u00b7 ran 10 s"]


def test_a_row_leads_to_its_page_and_says_what_it_is():
    (row,) = with_class(parsed(draw_gantt(timeline(line("a", bar(0, 1), href="/runs/1", lane="w-1")))), "fsm-line")
    assert row.get("href") == "/runs/1"
    assert row[0].text == "a: Done, w-1"


@pytest.mark.fault("F77")
@pytest.mark.parametrize("by_lane", [False, True])
def test_hostile_text_stays_text(by_lane):
    hostile = line(NASTY, bar(0, 50, title=NASTY), label=NASTY, note=NASTY, lane=NASTY, href="javascript:alert(1)")
    markup = draw_gantt(timeline(hostile, title=NASTY), by_lane=by_lane, standalone=True)
    root = parsed(markup)
    assert not [found for found in root.iter() if found.tag.endswith("script") or found.get("href")]
    assert "\u202e" not in markup


def test_the_critical_path_is_marked_by_a_sign_a_line_and_a_word():
    root = parsed(draw_gantt(timeline(line("a", bar(0, 1), is_critical=True), line("b", bar(0, 1)))))
    marked, plain = with_class(root, "fsm-line")
    assert with_class(marked, "fsm-crit")
    assert not with_class(plain, "fsm-crit")
    assert "on the critical path" in (marked[0].text or "")
    assert with_class(marked, "fsm-n")[0].text == "\N{BLACK DIAMOND} a"


def test_now_is_drawn_only_while_something_runs():
    assert with_class(parsed(draw_gantt(timeline(line("a", bar(0, None, "RUNNING"), state="RUNNING")))), "fsm-now")
    assert not with_class(parsed(draw_gantt(timeline(line("a", bar(0, 10))))), "fsm-now")


def test_more_rows_than_can_be_read_are_counted():
    markup = draw_gantt(timeline(*(line(str(number), bar(0, 1)) for number in range(MAX_ROWS + 5)), left_out=2))
    assert len(with_class(parsed(markup), "fsm-line")) == MAX_ROWS
    assert "7 more runs are not shown" in markup


def test_nothing_that_happened_is_still_a_picture():
    assert parsed(draw_gantt(timeline())).get("class") == "fsm-timeline"
    assert with_class(parsed(draw_gantt(timeline(line("a", state="BLOCKED")))), "fsm-line")


def test_lanes_fall_back_to_rows_where_nothing_ran():
    waiting = line("a", state="QUEUED", waits=((at(0), at(9)),))
    assert with_class(parsed(draw_gantt(timeline(waiting), by_lane=True)), "fsm-wait")


def test_a_page_gets_no_style_and_a_file_its_own():
    rows = timeline(line("a", bar(0, 1)))
    assert "<style" not in draw_gantt(rows)
    assert "style=" not in draw_gantt(rows)
    assert "prefers-color-scheme: dark" in draw_gantt(rows, standalone=True)

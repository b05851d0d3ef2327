from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.drawing.text import MAX_TEXT, clean, fit, safe_href, width

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_cleaned_text_fits_into_xml_and_utf8(text):
    cleaned = clean(text)
    element = ET.Element("t", {"a": cleaned})
    element.text = cleaned
    again = ET.fromstring(ET.tostring(element, encoding="unicode").encode())
    assert (again.text or "") == again.get("a") == cleaned
    assert len(cleaned) <= MAX_TEXT


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text):
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x9b", "\ud800", "\ufffe", "\u202e", "\u2066"])
def test_a_character_that_does_not_belong_in_a_label_is_replaced(bad):
    assert clean(f"a{bad}b") == "a\ufffdb"


@pytest.mark.parametrize("space", ["\t", "\n", "\r", "\u2028"])
def test_a_label_stays_on_its_line(space):
    assert clean(f"a{space}b") == "a b"


def test_a_long_text_is_capped_with_an_ellipsis():
    assert clean("x" * 121) == "x" * 119 + "\u2026"
    assert clean("x" * 120) == "x" * 120


def test_markup_is_left_to_the_writer():
    assert clean("<b>&amp;") == "<b>&amp;"


def test_a_text_that_fits_is_not_cut():
    assert fit("short", 140, 12) == "short"


def test_a_cut_text_fits_its_room():
    cut = fit("a_very_long_name_of_a_task_that_nobody_can_read", 100, 12)
    assert cut.endswith("\u2026")
    assert width(cut, 12) <= 100


def test_a_cut_does_not_leave_a_separator_behind():
    assert fit("aaaa_bbbbbbbbbbbbbbbbbb", width("aaaa_\u2026", 12), 12) == "aaaa\u2026"


def test_wide_letters_are_cut_earlier_than_narrow_ones():
    assert len(fit("\u6570" * 40, 100, 12)) < len(fit("i" * 40, 100, 12))


@pytest.mark.parametrize("sign", [*"#%+<=>@^~mwMW", "\u2026", "\u0416"])
def test_a_broad_sign_is_not_taken_for_a_usual_one(sign):
    assert width(sign, 1) > width("x", 1)


def test_marks_on_letters_take_no_room():
    assert width("e\u0301", 10) == width("e", 10)


@pytest.mark.parametrize("href", ["/admin/task/1/", "https://example.org/a?b=c", "HTTP://example.org"])
def test_a_link_to_a_page_is_kept(href):
    assert safe_href(href) == href


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "JaVaScRiPt:1", "x", "", "vbscript:1",
     "/a\x00b", "/a\nb", "/\ud800", "/" + "a" * 2000],
)  # fmt: skip
def test_any_other_link_is_dropped(href):
    assert safe_href(href) == ""

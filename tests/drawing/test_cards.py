from __future__ import annotations

import pytest

from django_tasks_fsm.drawing.cards import CARD_HEIGHT, CARD_WIDTH, card, status
from django_tasks_fsm.drawing.graph import Node
from tests.drawing.pictures import text_of, with_class


def test_a_card_lies_around_its_centre():
    drawn = card(Node("a", "a", "DONE"), (CARD_WIDTH / 2 + 10, CARD_HEIGHT / 2 + 20))
    assert drawn.get("transform") == "translate(10.0 20.0)"


def test_a_card_with_a_usable_link_is_a_link():
    drawn = card(Node("a", "a", "DONE", href="/task/1/"), (0, 0))
    assert (drawn.tag, drawn.get("href")) == ("a", "/task/1/")


@pytest.mark.parametrize("href", ["", "javascript:alert(1)"])
def test_a_card_without_a_usable_link_is_a_picture(href):
    drawn = card(Node("a", "a", "DONE", href=href), (0, 0))
    assert (drawn.tag, drawn.get("role"), drawn.get("href")) == ("g", "img", None)


def test_the_title_says_all_that_the_card_may_have_cut():
    name = "a_name_that_is_much_longer_than_a_card"
    drawn = card(Node("a", name, "RETRY", note="attempt 3 of 5 in 2 minutes"), (0, 0))
    assert text_of(drawn, "title") == f"{name}: Retrying \u00b7 attempt 3 of 5 in 2 minutes"
    assert (with_class(drawn, "fsm-n")[0].text or "").endswith("\u2026")


def test_only_the_current_card_has_a_ring():
    current, other = card(Node("a", "a", "DONE", current=True), (0, 0)), card(Node("b", "b", "DONE"), (0, 0))
    assert (len(with_class(current, "fsm-ring")), current.get("aria-current")) == (1, "true")
    assert (len(with_class(other, "fsm-ring")), other.get("aria-current")) == (0, None)


@pytest.mark.parametrize(("progress", "width"), [(0, "0"), (50, "92.5"), (100, "185"), (250, "185"), (-5, "0")])
def test_the_bar_is_as_long_as_the_progress_and_stays_in_the_card(progress, width):
    drawn = card(Node("a", "a", "RUNNING", progress=progress), (0, 0))
    assert [bar.get("width") for bar in with_class(drawn, "fsm-bar")] == [width]


def test_no_progress_no_bar():
    assert with_class(card(Node("a", "a", "RUNNING"), (0, 0)), "fsm-bar") == []


def test_the_status_joins_what_there_is():
    assert status(Node("a", "a", "RUNNING", progress=64, note="join")) == "Running \u00b7 64 % \u00b7 join"
    assert status(Node("a", "a", "DONE")) == "Done"

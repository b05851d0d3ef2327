from __future__ import annotations

from itertools import combinations

import pytest
from django.utils import translation

from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.drawing.palette import BLOCKED, DARK, LIGHT, RETRY, STATES, UNKNOWN, Theme, slug, word
from django_tasks_fsm.drawing.stylesheet import mixed

ALL = [*STATES, "UNKNOWN"]
LEAST_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11: graphical objects against what is next to them."""


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colour(state: str, theme: Theme) -> str:
    look = STATES.get(state, UNKNOWN)
    return look.dark if theme is DARK else look.light


def test_every_state_of_both_machines_has_a_look():
    assert {*RunState, *TaskState, BLOCKED, RETRY} == set(STATES)


@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize(("theme", "panel"), [(LIGHT, "#f8f8f8"), (DARK, "#212121")], ids=["light", "dark"])
def test_a_state_stands_out_from_page_and_panel(state, theme, panel):
    assert contrast(colour(state, theme), theme.ground) >= LEAST_CONTRAST
    assert contrast(colour(state, theme), panel) >= LEAST_CONTRAST


@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_the_tint_of_a_card(state, theme):
    card = mixed(colour(state, theme), theme.ground, theme.tint)
    assert contrast(theme.text, card) >= 7
    assert contrast(theme.quiet, card) >= 4.5
    assert contrast(colour(state, theme), card) >= LEAST_CONTRAST


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_an_edge_stands_out_from_the_page(theme):
    assert contrast(theme.edge, theme.ground) >= LEAST_CONTRAST


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_no_two_states_share_a_colour(theme):
    assert all(colour(one, theme) != colour(other, theme) for one, other in combinations(STATES, 2))


def test_no_two_states_share_a_word():
    words = [word(state) for state in STATES]
    assert len(set(words)) == len(words)


def test_words_are_translated_when_they_are_shown():
    with translation.override("de"):
        assert word("DONE") == str(STATES["DONE"].word)


def test_an_unknown_state_is_shown_as_it_is_but_never_becomes_a_class():
    assert word("odd\x00<") == "odd\ufffd<"
    assert slug('x" onload="') == "unknown"
    assert slug("done") == "unknown"

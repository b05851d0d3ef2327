from __future__ import annotations

import re
from pathlib import Path

import pytest

import django_tasks_fsm
from django_tasks_fsm.drawing.palette import DARK, LIGHT, STATES, UNKNOWN, slug
from django_tasks_fsm.drawing.stylesheet import SHAPE_RULES, mixed, standalone_css

STATIC = Path(django_tasks_fsm.__file__).parent / "static" / "django_tasks_fsm"
PAGE_CSS = (STATIC / "fsm.css").read_text()


def block(start: str) -> str:
    """The declarations of the first rule that starts with this selector."""
    return PAGE_CSS[PAGE_CSS.index(start) :].split("}", 1)[0]


def variables(text: str) -> dict[str, str]:
    return dict(re.findall(r"--fsm-([\w-]+): (#\w{6}|\d+%);", text))


LIGHT_BLOCK = 'html[data-theme="light"], :root {'
DARK_BLOCKS = ("@media (prefers-color-scheme: dark)", 'html[data-theme="dark"] {')


def test_the_page_has_the_light_colours_of_the_palette():
    expected = {slug(state): look.light for state, look in STATES.items()} | {"unknown": UNKNOWN.light}
    assert variables(block(LIGHT_BLOCK)) == {**expected, "edge": LIGHT.edge, "tint": f"{LIGHT.tint}%"}


@pytest.mark.parametrize("start", DARK_BLOCKS)
def test_the_page_has_the_dark_colours_of_the_palette_chosen_or_by_the_system(start):
    expected = {slug(state): look.dark for state, look in STATES.items()} | {"unknown": UNKNOWN.dark}
    assert variables(block(start)) == {**expected, "edge": DARK.edge, "tint": f"{DARK.tint}%"}


@pytest.mark.parametrize("state", [*STATES, "UNKNOWN"])
def test_the_page_colours_every_state(state):
    name = state.lower()
    assert f".fsm-s-{name} {{ --c: var(--fsm-{name}); }}" in PAGE_CSS


@pytest.mark.parametrize("rule", SHAPE_RULES)
def test_page_and_file_agree_on_what_is_not_colour(rule):
    assert rule in PAGE_CSS


def test_the_page_needs_nothing_from_elsewhere():
    assert not re.search(r"@import|url\((?!#)|expression|javascript", PAGE_CSS)


def test_the_script_is_an_enhancement_without_inline_code_or_requests():
    script = (STATIC / "fsm.js").read_text()
    assert not re.search(r"\beval\b|innerHTML|document\.write|fetch\(|\bon\w+\s*=", script)


def test_the_refreshing_script_asks_its_own_page_only_and_runs_nothing_it_gets():
    script = (STATIC / "live.js").read_text()
    assert not re.search(r"\beval\b|innerHTML|insertAdjacent|document\.write|https?:|\bon\w+\s*=", script)
    assert re.findall(r"fetch\(([\w.]+)", script) == ["old.dataset.live"]


def test_a_file_needs_no_variables_so_that_every_program_can_show_it():
    css = standalone_css({"DONE", "FAILED"})
    assert "var(" not in css
    assert "color-mix" not in css
    assert "prefers-color-scheme: dark" in css


def test_a_file_holds_the_colours_of_its_own_states_in_both_themes():
    css = standalone_css({"DONE"})
    assert css.count(".fsm-s-done {") == 2
    assert STATES["DONE"].light in css
    assert STATES["DONE"].dark in css
    assert ".fsm-s-queued {" not in css


@pytest.mark.parametrize(("percent", "result"), [(0, "#ffffff"), (100, "#000000"), (50, "#808080")])
def test_mixing_goes_from_the_ground_to_the_colour(percent, result):
    assert mixed("#000000", "#ffffff", percent) == result

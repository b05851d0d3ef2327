from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from django_tasks_fsm.drawing.icons import ICONS, icon_svg
from django_tasks_fsm.drawing.palette import STATES, slug


def test_every_state_has_an_icon_of_its_own():
    assert {slug(state) for state in STATES} | {"unknown"} == set(ICONS)
    drawings = [str(shapes) for shapes in ICONS.values()]
    assert len(set(drawings)) == len(drawings)


@pytest.mark.parametrize("state", STATES)
def test_an_icon_is_markup_without_style_or_script(state):
    root = ET.fromstring(icon_svg(state, 20))
    assert (root.get("class"), root.get("width"), root.get("height")) == (f"fsm-i fsm-s-{slug(state)}", "20", "20")
    assert root.get("aria-hidden") == "true"
    for shape in root:
        assert shape.tag in {"circle", "rect", "path"}
        assert not {"style", "fill", "stroke"} & set(shape.keys())


def test_an_unknown_state_cannot_break_out_of_its_icon():
    assert icon_svg('"><script>alert(1)</script>') == icon_svg("WHAT")


def test_a_size_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="16px"):
        icon_svg("DONE", "16px")  # type: ignore[arg-type]

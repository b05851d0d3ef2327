"""The icon of every state: a silhouette and a glyph on a 16 x 16 grid, so that a state reads without its colour.

Five classes do the painting: ``fsm-i-fill`` is filled and ``fsm-i-ring`` outlined in the state's colour, ``fsm-i-line``
is a line in it, ``fsm-i-mark`` a line and ``fsm-i-hole`` an area in the colour of the ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from xml.etree import ElementTree as ET

from django_tasks_fsm.drawing.markup import Attribute, element, write
from django_tasks_fsm.drawing.palette import slug

Shape = tuple[str, Mapping[str, Attribute]]


def _path(kind: str, course: str, stroke: float | str = "") -> Shape:
    return "path", {"class": f"fsm-i-{kind}", "d": course, "stroke-width": stroke}


def _disc(kind: str, radius: float, dashes: str = "") -> Shape:
    return "circle", {"class": f"fsm-i-{kind}", "cx": 8, "cy": 8, "r": radius, "stroke-dasharray": dashes}


def _square(kind: str, inset: float, corner: float) -> Shape:
    side = 16 - 2 * inset
    return "rect", {"class": f"fsm-i-{kind}", "x": inset, "y": inset, "width": side, "height": side, "rx": corner}


_CLOCK_HANDS = _path("line", "M8 4.6V8l2.4 1.6")
_CROSS = _path("mark", "m5.4 5.4 5.2 5.2M10.6 5.4l-5.2 5.2", 1.9)
_BANG = _path("mark", "M8 5.9v4.2M8 12.3v.1", 1.9)

ICONS: Mapping[str, tuple[Shape, ...]] = MappingProxyType(
    {
        # dashed ring, three dots
        "prepare": (
            _disc("ring", 6.2, dashes="2.6 2.2"),
            _path("line", "M5.2 8h.1M8 8h.1M10.8 8h.1", 2),
        ),
        # ring, clock hands
        "pending": (_disc("ring", 6.2), _CLOCK_HANDS),
        # diamond, bar
        "blocked": (_path("fill", "M8 .9 15.1 8 8 15.1.9 8z"), _path("mark", "M4.9 8h6.2", 2.1)),
        # rounded square, three lines
        "queued": (_square("fill", 1.6, 3), _path("mark", "M4.6 5.2h6.8M4.6 8h6.8M4.6 10.8h4.2")),
        # disc, play
        "running": (_disc("fill", 7), _path("hole", "M6.2 4.6v6.8L11.8 8z")),
        # open circular arrow
        "retry": (
            _path("line", "M13.2 5.4A6 6 0 1 0 14 8", 2),
            _path("fill", "M14.6 1.6v5h-5z"),
        ),
        # disc, tick
        "done": (_disc("fill", 7), _path("mark", "m4.8 8.3 2.2 2.2 4.3-4.7", 1.9)),
        # octagon, cross
        "failed": (_path("fill", "M5 .9h6L15.1 5v6L11 15.1H5L.9 11V5z"), _CROSS),
        # square outline, slash
        "cancelled": (_square("ring", 2, 2), _path("line", "m4.6 11.4 6.8-6.8")),
        # signpost to the right, chevron
        "skipped": (_path("fill", "M.9 2.6h9.6L15.4 8l-4.9 5.4H.9z"), _path("mark", "m5 4.9 3.4 3.1L5 11.1", 1.9)),
        # triangle, bang
        "aborted": (_path("fill", "M8 1.1 15.6 14.6H.4z"), _BANG),
        # ring, disc inside
        "active": (_disc("ring", 6.2), _disc("fill", 3.2)),
        # two bars without a ground
        "paused": (_path("fill", "M2.8 1.8h3.7v12.4H2.8zM9.5 1.8h3.7v12.4H9.5z"),),
        # hourglass
        "exhausted": (
            _path("line", "M3 1.6h10M3 14.4h10"),
            _path(
                "fill",
                "M4 2.2h8c0 3-1.6 4.3-3.2 5.8 1.6 1.5 3.2 2.8 3.2 5.8H4c0-3 1.6-4.3 3.2-5.8C5.6 6.5 4 5.2 4 2.2z",
            ),
        ),
        # box with a lid, handle
        "retired": (
            _path("fill", "M1 2h14v3.4H1zM2 6.4h12v7.6H2z"),
            _path("mark", "M6 9h4"),
        ),
        # ring, question mark
        "unknown": (_disc("ring", 6.2), _path("line", "M6.2 6.5c0-2.4 3.6-2.4 3.6-.2C9.8 7.7 8 7.8 8 9.3M8 11.5v.1")),
    }
)


def icon_shapes(state: str) -> list[ET.Element]:
    """Build the shapes of a state's icon, to be put into a picture on a 16 x 16 grid."""
    return [element(tag, attributes) for tag, attributes in ICONS[slug(state)]]


def icon_svg(state: str, size: int = 16) -> str:
    """Return the icon as markup that needs no escaping: it holds nothing but constants and the number ``size``.

    It is hidden from screen readers, so put the word for the state next to it.
    """
    attributes: dict[str, Attribute] = {
        "class": f"fsm-i fsm-s-{slug(state)}",
        "width": int(size),
        "height": int(size),
        "viewBox": "0 0 16 16",
        "aria-hidden": "true",
        "focusable": "false",
    }
    return write(element("svg", attributes, *icon_shapes(state)))

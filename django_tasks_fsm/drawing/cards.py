"""Paint one card: silhouette, glyph, name, word and colour of the state, and progress."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from django_tasks_fsm.drawing.graph import Node
from django_tasks_fsm.drawing.icons import icon_shapes
from django_tasks_fsm.drawing.layout.geometry import Point
from django_tasks_fsm.drawing.markup import Attribute, element
from django_tasks_fsm.drawing.palette import slug, word
from django_tasks_fsm.drawing.text import clean, fit, safe_href

CARD_WIDTH, CARD_HEIGHT = 188, 46

_ICON_LEFT, _ICON_SIZE = 11, 18
_TEXT_LEFT, _TEXT_ROOM = 38, CARD_WIDTH - 48
_NAME_SIZE, _STATUS_SIZE = 12.5 * 1.12, 11.0
"""Sizes in pixels; bold letters are about an eighth wider than plain ones."""

_RING_GAP = 4.5
_BAR_HEIGHT, _BAR_INSET = 3.5, 1.5


def card(node: Node, centre: Point) -> ET.Element:
    """Build the card of a node, as a link where the node has a usable one."""
    left, top = centre[0] - CARD_WIDTH / 2, centre[1] - CARD_HEIGHT / 2
    name, says = clean(node.label), status(node)
    kind = "fsm-rest" if node.is_rest else f"fsm-s-{slug(node.state)}"
    href = safe_href(node.href)
    shared: dict[str, Attribute] = {
        "class": f"fsm-node {kind}" + (" fsm-cur" if node.current else ""),
        "transform": f"translate({left:.1f} {top:.1f})",
        "data-key": clean(node.key),
        "aria-current": "true" if node.current else "",
    }
    inside = [element("title", {}, text=f"{name}: {says}" if says else name), *_frame(node), *_inside(node, name, says)]
    if href:
        return element("a", {"href": href, **shared}, *inside)
    return element("g", {"role": "img", **shared}, *inside)


def _inside(node: Node, name: str, says: str) -> list[ET.Element]:
    if node.is_rest:
        return [element("text", {"class": "fsm-m", "x": CARD_WIDTH / 2, "y": 27, "text-anchor": "middle"}, text=name)]
    return [_icon(node.state), *_texts(name, says)]


def status(node: Node) -> str:
    """Return the line under the name: the word for the state, progress, note."""
    progress = "" if node.progress is None else f"{_percent(node.progress)} %"
    return " \N{MIDDLE DOT} ".join(part for part in (word(node.state), progress, clean(node.note)) if part)


def _percent(progress: int) -> int:
    return max(0, min(100, progress))


def _frame(node: Node) -> list[ET.Element]:
    """Build the box, the ring around the current one, and the bar of one that tells its progress."""
    box = _rectangle("fsm-box", 0, 0, CARD_WIDTH, CARD_HEIGHT, 6)
    return [*([_ring()] if node.current else []), box, *([] if node.progress is None else [_bar(node.progress)])]


def _ring() -> ET.Element:
    return _rectangle(
        "fsm-ring", -_RING_GAP, -_RING_GAP, CARD_WIDTH + 2 * _RING_GAP, CARD_HEIGHT + 2 * _RING_GAP, 6 + _RING_GAP
    )


def _bar(progress: int) -> ET.Element:
    full = CARD_WIDTH - 2 * _BAR_INSET
    top = CARD_HEIGHT - _BAR_INSET - _BAR_HEIGHT
    return _rectangle("fsm-bar", _BAR_INSET, top, full * _percent(progress) / 100, _BAR_HEIGHT, 0)


def _rectangle(kind: str, left: float, top: float, width: float, height: float, corner: float) -> ET.Element:
    return element("rect", {"class": kind, "x": left, "y": top, "width": width, "height": height, "rx": corner})


def _icon(state: str) -> ET.Element:
    top = (CARD_HEIGHT - _ICON_SIZE) // 2
    place = f"translate({_ICON_LEFT} {top}) scale({_ICON_SIZE / 16})"
    return element("g", {"class": "fsm-i", "transform": place}, *icon_shapes(state))


def _texts(name: str, says: str) -> list[ET.Element]:
    """Build the two lines; what does not fit can still be read in the card's title."""
    return [
        element("text", {"class": "fsm-n", "x": _TEXT_LEFT, "y": 20}, text=fit(name, _TEXT_ROOM, _NAME_SIZE)),
        element("text", {"class": "fsm-m", "x": _TEXT_LEFT, "y": 35}, text=fit(says, _TEXT_ROOM, _STATUS_SIZE)),
    ]

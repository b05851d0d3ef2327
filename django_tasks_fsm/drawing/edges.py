"""Paint one edge: its course, its arrow, and the condition written on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from django_tasks_fsm.drawing.cards import CARD_HEIGHT
from django_tasks_fsm.drawing.graph import BLOCK_POLICY, DONE_CONDITION, Edge
from django_tasks_fsm.drawing.layout.geometry import Box, Curve, Point, Route
from django_tasks_fsm.drawing.markup import Attribute, element
from django_tasks_fsm.drawing.palette import CONDITIONS, POLICIES, POLICY_MEANINGS, STANDINGS
from django_tasks_fsm.drawing.text import clean, fit, width

LOOP_HEIGHT = 30
"""The room above a card for an edge that leads from it to itself."""

_LOOP_HALF, _LOOP_RISE, _LOOP_LABEL_RISE = 34, 20, 20
_LABEL_SIZE = 11.5
"""In pixels; the letters are 10.5 high, the rest is for fonts that are wider than usual."""

_LABEL_HEIGHT = 14.0
_LABEL_AIR = 12.0
_LABEL_ROOM = 150.0
_BASELINE = 3.5
"""How far below its middle the baseline of a label lies."""


def condition_caption(edge: Edge) -> str:
    """Return what is written on a prerequisite: nothing for the usual condition and the usual policy."""
    condition = "" if edge.condition == DONE_CONDITION else condition_word(edge.condition)
    return ", ".join(filter(None, (condition, policy_word(edge.on_failure))))


def policy_word(policy: str) -> str:
    """Return what is written on an edge for its policy; nothing for a dependent that waits for a repair."""
    return str(POLICIES.get(policy) or ("" if policy in ("", BLOCK_POLICY) else clean(policy)))


def policy_meaning(policy: str) -> str:
    """Return what becomes of the dependent when the prerequisite fails."""
    return str(POLICY_MEANINGS.get(policy or BLOCK_POLICY) or clean(policy))


def condition_word(condition: str) -> str:
    """Return the translated word for a condition; one that is unknown is shown as it is."""
    return str(CONDITIONS.get(condition) or clean(condition))


def condition_and_standing(edge: Edge) -> str:
    """Return all that there is to say about a prerequisite beside its ends."""
    if edge.standing == "rest":
        return ""
    parts = (condition_word(edge.condition), STANDINGS.get(edge.standing, STANDINGS["waiting"]))
    return ", ".join(str(part) for part in (*parts, policy_word(edge.on_failure)) if part)


@dataclass(frozen=True, slots=True)
class Wording:
    """What is written on an edge, and what a pointer resting on it is told."""

    caption: Callable[[Edge], str]
    told: Callable[[Edge], str]


PREREQUISITES = Wording(condition_caption, condition_and_standing)


def label_box(caption: str) -> Box | None:
    """Return the room that a caption takes, or nothing where there is none."""
    shown = _shown(caption)
    return Box(width(shown, _LABEL_SIZE) + _LABEL_AIR, _LABEL_HEIGHT) if shown else None


def edge_group(edge: Edge, route: Route, source: Point, says: tuple[str, str], arrows: str) -> ET.Element:
    """Build one edge; ``says`` is its caption and its title, ``arrows`` starts the ids of the arrows.

    ``source`` is the centre of the card it leaves, for an edge without a route: one that leads back to its own card.
    """
    caption, title = says
    curves = route.curves or (_loop(source),)
    label = route.label if route.curves else (source[0], _top(source) - _LOOP_LABEL_RISE - _BASELINE)
    standing = edge.standing if edge.standing in (*STANDINGS, "rest") else "waiting"
    arrow = "" if standing == "rest" else f"{arrows}-{'broken' if standing == 'broken' else 'plain'}"
    painted = [_course(curve, standing, arrow) for curve in curves]
    texts = [_label(caption, label, standing)] if caption and label else []
    return element("g", {}, element("title", {}, text=title), *painted, *texts)


def markers(prefix: str) -> ET.Element:
    """Build the two arrow heads; a broken edge has the larger one."""
    plain = _marker(f"{prefix}-plain", "fsm-arrow", 10.5)
    return element("defs", {}, plain, _marker(f"{prefix}-broken", "fsm-arrow-broken", 13))


def _marker(name: str, kind: str, size: float) -> ET.Element:
    attributes: dict[str, Attribute] = {
        "id": name,
        "viewBox": "0 0 8 8",
        "refX": 7.5,
        "refY": 4,
        "markerUnits": "userSpaceOnUse",
        "markerWidth": size,
        "markerHeight": size,
        "orient": "auto",
    }
    return element("marker", attributes, element("path", {"class": kind, "d": "M0 .6 8 4 0 7.4z"}))


def _label(caption: str, at: Point, standing: str) -> ET.Element:
    place: dict[str, Attribute] = {"class": f"fsm-el fsm-el-{standing}", "x": at[0], "y": at[1] + _BASELINE}
    return element("text", place, text=_shown(caption))


def _shown(caption: str) -> str:
    return fit(caption, _LABEL_ROOM, _LABEL_SIZE)


def _top(centre: Point) -> float:
    return centre[1] - CARD_HEIGHT / 2


def _loop(centre: Point) -> Curve:
    """Return an arch over a card, from the right to the left."""
    (x, _), top = centre, _top(centre)
    right, left = x + _LOOP_HALF, x - _LOOP_HALF
    return (right, top), (right, top - _LOOP_RISE), (left, top - _LOOP_RISE), (left, top)


def _course(curve: Curve, standing: str, arrow: str) -> ET.Element:
    """Build one piece of an edge; the piece before a label has an arrow too, so that the label tells the direction."""
    data = f"M{_points(curve[:1])}C{_points(curve[1:])}"
    return element("path", {"class": f"fsm-e fsm-e-{standing}", "d": data, "marker-end": arrow and f"url(#{arrow})"})


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

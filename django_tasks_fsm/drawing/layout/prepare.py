"""Turn any graph into sheets that an engine can arrange, and what it answers back into a plan of the graph.

Both engines get the same sheets, so both pictures have the same habits: links that close a cycle run from right to
left, and a label is a box of its own in the middle of its link, so that nothing is drawn across it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.drawing.layout.components import Component
from django_tasks_fsm.drawing.layout.cycles import backward_pairs
from django_tasks_fsm.drawing.layout.geometry import Box, Curve, Drawn, Link, Pair, Plan, Point, Route, moved
from django_tasks_fsm.drawing.layout.packing import pack

_BACKWARD_PORT = 12.0


@dataclass(frozen=True, slots=True)
class _Way:
    """The pairs that stand for one link: none for a link to itself, two around a label."""

    pairs: tuple[int, ...] = ()
    label: int | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A graph without cycles and without labels, and the way of every link in it."""

    boxes: tuple[Box, ...]
    pairs: tuple[Pair, ...]
    ways: tuple[_Way, ...]
    box_count: int


def prepare(boxes: Sequence[Box], links: Sequence[Link]) -> Prepared:
    """Leave out links of a box to itself, turn round the ones that close a cycle, make labels boxes."""
    proper = [number for number, link in enumerate(links) if link.source != link.target]
    backward = backward_pairs(len(boxes), [(links[number].source, links[number].target) for number in proper])
    turned = {proper[position] for position in backward}
    all_boxes, pairs, ways = list(boxes), list[Pair](), list[_Way]()
    for number, link in enumerate(links):
        ways.append(_lay_way(link, number in turned, all_boxes, pairs))
    return Prepared(tuple(all_boxes), tuple(pairs), tuple(ways), len(boxes))


def _lay_way(link: Link, backward: bool, boxes: list[Box], pairs: list[Pair]) -> _Way:
    """Add the pairs of one link, and the box of its label."""
    if link.source == link.target:
        return _Way()
    start, end = (link.target, link.source) if backward else (link.source, link.target)
    first = len(pairs)
    if link.label is None:
        pairs.append((start, end))
        return _Way((first,), None, backward)
    label = len(boxes)
    boxes.append(link.label)
    pairs.extend([(start, label), (label, end)])
    return _Way((first, first + 1), label, backward)


def combine(prepared: Prepared, components: Sequence[Component], drawn: Sequence[Drawn], engine: str) -> Plan:
    """Put the arranged sheets on one page and read the routes of the links off it."""
    page = pack([(one.width, one.height) for one in drawn])
    centres: list[Point] = [(0.0, 0.0)] * len(prepared.boxes)
    curves: list[Curve] = [()] * len(prepared.pairs)
    for component, one, corner in zip(components, drawn, page.corners, strict=True):
        for box, centre in zip(component.boxes, moved(one.centres, corner), strict=True):
            centres[box] = centre
        for pair, curve in zip(component.pairs, one.curves, strict=True):
            curves[pair] = moved(curve, corner)
    routes = tuple(_route(way, centres, curves) for way in prepared.ways)
    return Plan(tuple(centres[: prepared.box_count]), routes, page.width, page.height, engine)


def _route(way: _Way, centres: Sequence[Point], curves: Sequence[Curve]) -> Route:
    """Return the route of one link in the link's own direction."""
    pieces = [curves[pair] for pair in way.pairs]
    if way.backward:
        pieces = _backward(pieces)
    return Route(tuple(pieces), None if way.label is None else centres[way.label])


def _backward(pieces: Sequence[Curve]) -> list[Curve]:
    """Turn a course round, and move its ends down on their cards, where its arrow is not hidden by links that leave."""
    turned = [list(reversed(piece)) for piece in reversed(pieces)]
    for piece, end in (turned[0], slice(0, 2)), (turned[-1], slice(-2, None)):
        piece[end] = moved(piece[end], (0.0, _BACKWARD_PORT))
    return [tuple(piece) for piece in turned]

"""Paint a graph as SVG: the same look whatever engine arranged it.

The markup holds classes and no styles or scripts, so it can be inlined under a strict Content-Security-Policy; the
page's ``fsm.css`` colours it.
"""

from __future__ import annotations

import zlib
from collections import Counter
from xml.etree import ElementTree as ET

from django.utils.translation import gettext, ngettext

from django_tasks_fsm.drawing.cards import CARD_HEIGHT, CARD_WIDTH, card
from django_tasks_fsm.drawing.edges import LOOP_HEIGHT, PREREQUISITES, Wording, edge_group, label_box, markers
from django_tasks_fsm.drawing.errors import GraphTooLarge
from django_tasks_fsm.drawing.graph import MAX_NODES, Edge, Graph
from django_tasks_fsm.drawing.layout.choose import EngineName, lay_out
from django_tasks_fsm.drawing.layout.geometry import Box, Link, Plan
from django_tasks_fsm.drawing.markup import element, write
from django_tasks_fsm.drawing.palette import word
from django_tasks_fsm.drawing.stylesheet import standalone_css
from django_tasks_fsm.drawing.text import clean

_PAD = 12.0
_FIT_WIDTH = 1320.0
"""A picture up to this width shrinks with the page; a wider one would become too small to read, and scrolls."""

_XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def draw_svg(graph: Graph, engine: EngineName = "auto", standalone: bool = False) -> str:
    """Return the picture as markup that needs no escaping: for a page with ``fsm.css``, or as a file of its own.

    Raise GraphTooLarge above 400 nodes, LayoutFailed where no engine can arrange the graph.
    """
    return paint(graph, PREREQUISITES, engine, standalone)


def paint(graph: Graph, wording: Wording, engine: EngineName, standalone: bool) -> str:
    """Return the picture of a graph; ``wording`` knows what is written on an edge."""
    if len(graph.nodes) > MAX_NODES:
        raise GraphTooLarge(len(graph.nodes), MAX_NODES)
    edges = graph.inner_edges()
    plan = _plan(graph, edges, wording, engine)
    parts = [_edges(graph, edges, plan, wording), _cards(graph, plan)]
    root = _root(graph, edges, plan, [*_backing(graph, plan, standalone), *parts])
    return (_XML_HEAD if standalone else "") + write(root)


def _plan(graph: Graph, edges: list[Edge], wording: Wording, engine: EngineName) -> Plan:
    """Have the cards and captions arranged; a card with an edge to itself gets room for it, above and below alike."""
    number = graph.numbers()
    loops = {edge.source for edge in edges if edge.source == edge.target}
    boxes = [Box(CARD_WIDTH, CARD_HEIGHT + 2 * LOOP_HEIGHT * (node.key in loops)) for node in graph.nodes]
    links = [Link(number[edge.source], number[edge.target], label_box(wording.caption(edge))) for edge in edges]
    return lay_out(boxes, links, engine)


def _cards(graph: Graph, plan: Plan) -> ET.Element:
    painted = [card(node, centre) for node, centre in zip(graph.nodes, plan.centres, strict=True)]
    return element("g", {"class": "fsm-cards"}, *painted)


def _edges(graph: Graph, edges: list[Edge], plan: Plan, wording: Wording) -> ET.Element:
    """Build all edges; hidden from screen readers, which are better served by a table of the links."""
    number, uid = graph.numbers(), _uid(graph)
    names = {node.key: clean(node.label) for node in graph.nodes}
    painted = []
    for edge, route in zip(edges, plan.routes, strict=True):
        title = f"{names[edge.source]} \N{RIGHTWARDS ARROW} {names[edge.target]}"
        title += f": {told}" if (told := wording.told(edge)) else ""
        says = wording.caption(edge), title
        painted.append(edge_group(edge, route, plan.centres[number[edge.source]], says, uid))
    return element("g", {"class": "fsm-edges", "aria-hidden": "true"}, *painted)


def _backing(graph: Graph, plan: Plan, standalone: bool) -> list[ET.Element]:
    """Build what a file needs to look the same without the page's stylesheet."""
    if not standalone:
        return []
    ground = element("rect", {"class": "fsm-ground", "x": -_PAD, "y": -_PAD, **_size(plan)})
    return [element("style", {}, text=standalone_css({node.state for node in graph.nodes if not node.is_rest})), ground]


def _root(graph: Graph, edges: list[Edge], plan: Plan, parts: list[ET.Element]) -> ET.Element:
    uid, size = _uid(graph), _size(plan)
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "fsm-graph fsm-fit" if plan.width <= _FIT_WIDTH else "fsm-graph",
        "role": "group",
        "aria-labelledby": f"{uid}-title {uid}-desc",
        "viewBox": f"{-_PAD:g} {-_PAD:g} {size['width']:.1f} {size['height']:.1f}",
        "data-engine": plan.engine,
        **size,
    }
    title = element("title", {"id": f"{uid}-title"}, text=clean(graph.title) or gettext("Graph"))
    description = element("desc", {"id": f"{uid}-desc"}, text=_description(graph, edges))
    return element("svg", attributes, title, description, markers(uid), *parts)


def _size(plan: Plan) -> dict[str, float]:
    return {"width": plan.width + 2 * _PAD, "height": plan.height + 2 * _PAD}


def _uid(graph: Graph) -> str:
    """Return the start of the picture's ids: the same at every drawing, another one for another graph on the page."""
    return f"fsm-{zlib.crc32(repr((graph.title, [node.key for node in graph.nodes])).encode()):08x}"


def _description(graph: Graph, edges: list[Edge]) -> str:
    """Say in words how much there is of what."""
    states = [word(node.state) for node in graph.nodes if not node.is_rest]
    number = sum(edge.standing != "rest" for edge in edges)
    nodes = ngettext("%(count)d node", "%(count)d nodes", len(states)) % {"count": len(states)}
    links = ngettext("%(count)d link", "%(count)d links", number) % {"count": number}
    counts = ", ".join(f"{shown}: {count}" for shown, count in Counter(states).items())
    return f"{nodes}, {links}. {counts}"

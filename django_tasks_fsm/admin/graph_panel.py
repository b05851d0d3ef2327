"""A graph on a page: the picture, its legend, the same as a table, and what to say where there is no picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm import conf
from django_tasks_fsm.drawing import Edge, Graph, GraphTooLarge, LayoutFailed, Node, draw_svg, neighbourhood
from django_tasks_fsm.drawing.edges import condition_word
from django_tasks_fsm.drawing.palette import STANDINGS

ALL = "all"
STEPS = ("1", "2", "3", ALL)
SMALL = 60
"""Up to so many nodes the whole graph is shown at first; above, two steps around the current one."""
MOST = 120
"""Nodes in a picture that was not asked for whole."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Markup of the drawing room, which escapes every text when it writes its elements."""

    svg: str

    def __html__(self) -> str:
        """Return the markup, which is not to be escaped again."""
        return self.svg


@dataclass(frozen=True, slots=True)
class Row:
    """One link of the table."""

    source: Node
    target: Node
    condition: str
    standing: str
    standing_word: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the template shows; ``svg`` is empty where there is a ``problem``."""

    svg: str
    problem: str
    rows: Sequence[Row]
    states: Sequence[str]
    standings: Sequence[tuple[str, str]]
    steps: str
    left_out: int
    is_whole: bool

    choices = STEPS


def part_of(graph: Graph, key: str, steps: str | None, is_whole: bool = True) -> tuple[Graph, str]:
    """Return what to show of a graph around ``key``, and the steps that were chosen for it."""
    if steps not in STEPS:
        steps = ALL if is_whole and len(graph.nodes) <= SMALL else "2"
    if steps == ALL:
        # Nodes without a link to this one belong to the graph too, so all of them are kept: only the mark is set.
        near = neighbourhood(graph, key, 0).nodes
        return Graph(tuple(near[0] if node.key == key else node for node in graph.nodes), graph.edges, graph.title), ALL
    return neighbourhood(graph, key, int(steps), MOST), steps


def panel(graph: Graph, key: str, steps: str | None, is_whole: bool = True) -> Panel | None:
    """Return the panel of a graph around ``key``; None where there is nothing but the node itself."""
    if len(graph.nodes) < 2:
        return None
    shown, chosen = part_of(graph, key, steps, is_whole)
    svg, problem = _drawn(shown)
    return Panel(
        svg=svg,
        problem=problem,
        rows=_rows(shown),
        states=sorted({node.state for node in shown.nodes}),
        standings=_standings(shown),
        steps=chosen,
        left_out=len(graph.nodes) - len(shown.nodes),
        is_whole=is_whole,
    )


def _standings(graph: Graph) -> list[tuple[str, str]]:
    found = {edge.standing for edge in graph.edges}
    return [(name, str(text)) for name, text in STANDINGS.items() if name in found]


def _drawn(graph: Graph) -> tuple[str, str]:
    try:
        picture = Picture(draw_svg(graph, conf.options().graph_engine))  # type: ignore[arg-type]
        return format_html("{}", picture), ""
    except GraphTooLarge as error:
        return "", gettext("The graph has %(count)d nodes, too many for one picture.") % {"count": error.count}
    except LayoutFailed:
        return "", gettext("The graph could not be arranged. The table below has its links.")


def _rows(graph: Graph) -> list[Row]:
    nodes = {node.key: node for node in graph.nodes}
    return [_row(edge, nodes[edge.source], nodes[edge.target]) for edge in graph.inner_edges()]


def _row(edge: Edge, source: Node, target: Node) -> Row:
    return Row(source, target, condition_word(edge.condition), edge.standing, str(STANDINGS[edge.standing]))

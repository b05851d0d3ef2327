"""A graph on a page: the picture, its legend, the same as a table, and what to say where there is no picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import gettext

from django_tasks_fsm import conf
from django_tasks_fsm.admin.graph_view import Choice, View
from django_tasks_fsm.drawing import Edge, Graph, GraphTooLarge, LayoutFailed, Node, draw_gantt, draw_svg
from django_tasks_fsm.drawing.edges import condition_word, policy_meaning, policy_word
from django_tasks_fsm.drawing.palette import POLICIES, STANDINGS
from django_tasks_fsm.drawing.timeline import Timeline
from django_tasks_fsm.pictures.runs import Runs
from django_tasks_fsm.pictures.task_graph import Tasks

LINKS_PER_PAGE = 100


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
    on_failure: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the template shows; ``svg`` is empty where there is a ``problem``."""

    svg: str
    problem: str
    rows: Sequence[Row]
    pages: Sequence[Choice]
    states: Sequence[str]
    standings: Sequence[tuple[str, str]]
    policies: Sequence[tuple[str, str]]
    steps: str
    choices: Sequence[Choice]
    left_out: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class TimelinePanel:
    """The timeline of the runs that the graph shows."""

    svg: str
    states: Sequence[str]
    choices: Sequence[Choice]


def panel(graph: Graph, shown: Runs | Tasks, view: View) -> Panel | None:
    """Return the panel of a graph; None where there is nothing but the node itself."""
    if len(graph.nodes) < 2 and not shown.left_out:
        return None
    svg, problem = _drawn(graph)
    edges = [edge for edge in graph.inner_edges() if edge.standing != "rest"]
    page = min(view.links, -(-len(edges) // LINKS_PER_PAGE) or 1)
    return Panel(
        svg=svg,
        problem=problem,
        rows=_rows(graph, edges[(page - 1) * LINKS_PER_PAGE : page * LINKS_PER_PAGE]),
        pages=_pages(len(edges), page, view),
        states=sorted({node.state for node in graph.nodes if not node.is_rest}),
        standings=_known(STANDINGS, (edge.standing for edge in edges)),
        policies=_policies(edges),
        steps=shown.steps,
        choices=view.step_choices(shown.steps),
        left_out=shown.left_out,
        is_whole=shown.is_whole,
    )


def timeline_panel(timeline: Timeline, view: View) -> TimelinePanel | None:
    """Return the panel of a timeline; None where nothing has happened yet."""
    if not timeline.moments():
        return None
    svg = format_html("{}", Picture(draw_gantt(timeline, by_lane=view.timeline == "worker")))
    return TimelinePanel(svg, sorted({line.state for line in timeline.lines}), view.timeline_choices())


def _known(words: Iterable[str], found: Iterable[str]) -> list[tuple[str, str]]:
    present = set(found)
    return [(name, str(STANDINGS[name])) for name in words if name in present]


def _policies(edges: Iterable[Edge]) -> list[tuple[str, str]]:
    present = {edge.on_failure for edge in edges}
    return [(policy_word(name), policy_meaning(name)) for name in POLICIES if name in present]


def _pages(count: int, page: int, view: View) -> list[Choice]:
    numbers = range(1, -(-count // LINKS_PER_PAGE) + 1)
    return [(f"{view.address(links=n)}#h-links", str(n), n == page) for n in numbers] if len(numbers) > 1 else []


def _drawn(graph: Graph) -> tuple[str, str]:
    try:
        picture = Picture(draw_svg(graph, conf.options().graph_engine))  # type: ignore[arg-type]
        return format_html("{}", picture), ""
    except GraphTooLarge as error:
        return "", gettext("The graph has %(count)d nodes, too many for one picture.") % {"count": error.count}
    except LayoutFailed:
        return "", gettext("The graph could not be arranged. The table below has its links.")


def _rows(graph: Graph, edges: Iterable[Edge]) -> list[Row]:
    nodes = {node.key: node for node in graph.nodes}
    return [_row(edge, nodes[edge.source], nodes[edge.target]) for edge in edges]


def _row(edge: Edge, source: Node, target: Node) -> Row:
    standing = str(STANDINGS[edge.standing])
    return Row(source, target, condition_word(edge.condition), edge.standing, standing, policy_meaning(edge.on_failure))

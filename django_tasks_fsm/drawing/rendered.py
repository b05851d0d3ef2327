"""A graph as a picture of dots or as a page, by Graphviz: for what cannot show SVG."""

from __future__ import annotations

from typing import Literal

from django_tasks_fsm.drawing.dot_source import to_dot
from django_tasks_fsm.drawing.edges import PREREQUISITES, Wording
from django_tasks_fsm.drawing.errors import GraphTooLarge
from django_tasks_fsm.drawing.graph import MAX_NODES, Graph
from django_tasks_fsm.drawing.layout.dot import is_installed, run_dot

__all__ = ["RENDERED", "RenderedKind", "is_installed", "render"]

RenderedKind = Literal["png", "pdf"]
RENDERED: tuple[RenderedKind, ...] = ("png", "pdf")
TIMEOUT_SECONDS = 20.0


def render(graph: Graph, kind: RenderedKind, wording: Wording = PREREQUISITES) -> bytes:
    """Return the graph as a PNG or PDF file; raise DotFailed without Graphviz, or when it takes 20 seconds.

    Raise GraphTooLarge above 400 nodes.
    """
    if len(graph.nodes) > MAX_NODES:
        raise GraphTooLarge(len(graph.nodes), MAX_NODES)
    return run_dot(to_dot(graph, wording).source, (f"-T{kind}",), TIMEOUT_SECONDS)

"""Write a graph as Graphviz source, for people who want to go on with it in their own tools."""

from __future__ import annotations

import graphviz

from django_tasks_fsm.drawing.cards import status
from django_tasks_fsm.drawing.edges import PREREQUISITES, Wording
from django_tasks_fsm.drawing.graph import Edge, Graph, Node
from django_tasks_fsm.drawing.palette import LIGHT, STATES, UNKNOWN
from django_tasks_fsm.drawing.text import clean

_LINE_STYLES = {"met": "solid", "waiting": "dashed", "broken": "dotted", "rest": "dotted"}


def to_dot(graph: Graph, wording: Wording = PREREQUISITES) -> graphviz.Digraph:
    """Return the graph as a ``Digraph``: ``.source`` needs no binary, ``.pipe("pdf")`` needs Graphviz.

    Nodes are called n0, n1, ...: no text from outside becomes an id or an attribute, and labels are escaped, so none of
    them is read as HTML or as an escape sequence.
    """
    drawn = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "label": _escaped(clean(graph.title)), "labelloc": "t"},
        node_attr={"shape": "box", "style": "rounded", "fontname": "sans-serif", "fontsize": "11"},
        edge_attr={"fontname": "sans-serif", "fontsize": "10", "color": LIGHT.edge},
    )
    number = graph.numbers()
    for node in graph.nodes:
        ring = {"penwidth": "3"} if node.current else {}
        drawn.node(f"n{number[node.key]}", label=_label(node), color=STATES.get(node.state, UNKNOWN).light, **ring)
    for edge in graph.inner_edges():
        drawn.edge(f"n{number[edge.source]}", f"n{number[edge.target]}", **_edge_attributes(edge, wording))
    return drawn


def _label(node: Node) -> str:
    lines = [clean(node.label), *([] if node.is_rest else [status(node)])]
    return _escaped("\n".join(lines))


def _escaped(text: str) -> str:
    # Kept as the type that escape() returns: of a plain str the library would take "<...>" for HTML again.
    escaped: str = graphviz.escape(text)
    return escaped


def _edge_attributes(edge: Edge, wording: Wording) -> dict[str, str]:
    caption = wording.caption(edge)
    label = {"label": _escaped(caption)} if caption else {}
    return {"style": _LINE_STYLES.get(edge.standing, "dashed"), **label}

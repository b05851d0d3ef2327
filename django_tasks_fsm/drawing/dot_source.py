"""Write a graph as Graphviz source, for people who want to go on with it in their own tools."""

from __future__ import annotations

import graphviz

from django_tasks_fsm.drawing.edges import condition_caption
from django_tasks_fsm.drawing.graph import Edge, Graph, Node
from django_tasks_fsm.drawing.palette import LIGHT, STATES, UNKNOWN, word
from django_tasks_fsm.drawing.text import clean

_LINE_STYLES = {"met": "solid", "waiting": "dashed", "broken": "dotted"}


def to_dot(graph: Graph) -> graphviz.Digraph:
    """Return the graph as a ``Digraph``: ``.source`` needs no binary, ``.pipe("pdf")`` needs Graphviz.

    Nodes are called n0, n1, ...: no text from outside becomes an id or an attribute, and labels are escaped, so none of
    them is read as HTML or as an escape sequence.
    """
    drawn = graphviz.Digraph(
        graph_attr={"rankdir": "LR", "label": graphviz.escape(clean(graph.title)), "labelloc": "t"},
        node_attr={"shape": "box", "style": "rounded", "fontname": "sans-serif", "fontsize": "11"},
        edge_attr={"fontname": "sans-serif", "fontsize": "10", "color": LIGHT.edge},
    )
    number = graph.numbers()
    for node in graph.nodes:
        drawn.node(f"n{number[node.key]}", label=_label(node), color=STATES.get(node.state, UNKNOWN).light)
    for edge in graph.inner_edges():
        drawn.edge(f"n{number[edge.source]}", f"n{number[edge.target]}", **_edge_attributes(edge))
    return drawn


def _label(node: Node) -> str:
    return str(graphviz.escape(f"{clean(node.label)}\n{word(node.state)}"))


def _edge_attributes(edge: Edge) -> dict[str, str]:
    caption = condition_caption(edge)
    label = {"label": str(graphviz.escape(caption))} if caption else {}
    return {"style": _LINE_STYLES.get(edge.standing, "dashed"), **label}

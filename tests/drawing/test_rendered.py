from __future__ import annotations

import shutil

import pytest

from django_tasks_fsm.drawing.errors import DotFailed, GraphTooLarge
from django_tasks_fsm.drawing.graph import Graph, Node
from django_tasks_fsm.drawing.rendered import render

GRAPH = Graph((Node("a", "a", "DONE"),))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize(("kind", "beginning"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_graphviz_makes_files_that_are_no_svg(kind, beginning):
    assert render(GRAPH, kind).startswith(beginning)


def test_without_graphviz_there_is_a_sentence(no_dot):
    with pytest.raises(DotFailed, match="'dot' is not on the path"):
        render(GRAPH, "png")


def test_a_graph_too_large_never_reaches_graphviz(fake_dot):
    fake_dot("exit 3")
    with pytest.raises(GraphTooLarge):
        render(Graph(tuple(Node(str(n), "x", "DONE") for n in range(500))), "pdf")


def test_what_graphviz_says_is_told(fake_dot):
    fake_dot("echo no fonts >&2; exit 1")
    with pytest.raises(DotFailed, match="no fonts"):
        render(GRAPH, "png")

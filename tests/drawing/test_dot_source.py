from __future__ import annotations

import re
import shutil
from itertools import pairwise

import pytest

from django_tasks_fsm.drawing.dot_source import to_dot
from django_tasks_fsm.drawing.graph import Edge, Graph, Node

NASTY = [
    '<<table><tr><td href="javascript:1">x</td></tr></table>>',
    "<b>bold</b>",
    "a\\",
    "\\N \\G",
    'say "hi"',
    "\x00\x1b",
]


def graph_of(*labels: str) -> Graph:
    nodes = [Node(f"key {label}", label, "DONE", href="/x", note="note") for label in labels]
    edges = [Edge(one.key, next_one.key, "failed") for one, next_one in pairwise(nodes)]
    return Graph(tuple(nodes), tuple(edges), labels[0])


def test_ids_are_numbers_and_attributes_are_ours():
    source = to_dot(graph_of("one", "two")).source
    assert set(re.findall(r"^\t(\w+) \[label=", source, re.MULTILINE)) == {"graph", "n0", "n1"}
    assert "n0 -> n1 [label=failed style=dashed]" in source
    for foreign in ("key", "/x", "URL", "href"):
        assert foreign not in source


@pytest.mark.parametrize(("standing", "style"), [("met", "solid"), ("waiting", "dashed"), ("broken", "dotted")])
def test_the_standing_decides_the_line(standing, style):
    nodes = (Node("a", "a", "DONE"), Node("b", "b", "PENDING"))
    assert f"n0 -> n1 [style={style}]" in to_dot(Graph(nodes, (Edge("a", "b", standing=standing),))).source


@pytest.mark.fault("F78")
@pytest.mark.parametrize("label", NASTY)
def test_no_label_is_read_as_html_or_as_an_escape(label):
    source = to_dot(graph_of(label)).source
    assert "label=<" not in source
    assert re.findall(r"(?<!\\)(?:\\\\)*\\[^\\\"]", source) == []
    assert "\x00" not in source


@pytest.mark.fault("F78")
@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("label", NASTY)
def test_graphviz_accepts_every_label(label):
    assert "javascript" not in re.sub(
        r"<text.*?</text>|<title.*?</title>", "", to_dot(graph_of(label)).pipe("svg").decode()
    )

"""Any text in any picture: well-formed, no code, every node there; and source that Graphviz reads as ours."""

from __future__ import annotations

import re
import time

import graphviz
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.drawing.dot_source import to_dot
from django_tasks_fsm.drawing.graph import Edge, Graph, Node
from django_tasks_fsm.drawing.layout import dot
from django_tasks_fsm.drawing.svg import draw_svg
from tests.drawing.pictures import parsed, with_class
from tests.drawing.test_svg import NASTY, graphs
from tests.properties import examples

DANGER = [
    *NASTY, "<<table><tr><td href='javascript:1'>x</td></tr></table>>", "a\\", "\\N\\G\\L\\T\\E\\H", "{a|b}", "a:b",
    '"', '\\"', '" URL="javascript:1', "<b>bold</b>", "x" * 20_000, "\x00" * 200, "&#0;", "//", "/*", "#", "digraph {}",
    "strict", "\n}\n", "a;b", "->", "--", "\u2028", "%", "graph", "node", "edge", "subgraph", "",
]  # fmt: skip
FORBIDDEN = ("script", "foreignObject", "iframe", "use", "image", "animate", "set")
TEXT = st.sampled_from(DANGER) | st.text(st.characters(exclude_categories=()), max_size=20)


@st.composite
def dangerous(draw: st.DrawFn) -> Graph:
    """A graph whose words are all from outside."""
    labels = draw(st.lists(TEXT, min_size=1, max_size=5))
    nodes = [
        Node(f"{number}{label}", label, draw(TEXT), href=draw(TEXT), note=draw(TEXT))
        for number, label in enumerate(labels)
    ]
    ends = st.sampled_from([node.key for node in nodes])
    edges = draw(st.lists(st.builds(Edge, ends, ends, TEXT, TEXT, TEXT), max_size=4))
    return Graph(tuple(nodes), tuple(edges), draw(TEXT))


# One string of DOT, in which a quote is always behind an odd number of backslashes.
STRING = r'"(?:[^"\\]|\\.)*"'
STATEMENT = re.compile(
    rf"\t(?:(?:graph|node|edge|n\d+|n\d+ -> n\d+)(?: \[(?:\w+=(?:{STRING}|-?[\w.]+)[ ]?)*\])?)\n"
)  # fmt: skip


@given(dangerous())
@examples(80)
def test_the_source_holds_our_statements_and_no_others(graph: Graph) -> None:
    source = to_dot(graph).source
    head, body = source.split("{\n", 1)
    assert head == "digraph "
    assert re.sub(STATEMENT, "", body) == "}\n"
    numbers = set(re.findall(r"^\t(n\d+) \[", source, re.MULTILINE))
    assert numbers == {f"n{number}" for number in range(len(graph.nodes))}
    assert not re.search(r"(?i)(?:url|href|image|shapefile|tooltip)=", re.sub(STRING, "", source))
    assert "label=<" not in source


@given(dangerous())
@examples(60)
def test_no_word_from_outside_becomes_code(graph: Graph) -> None:
    began = time.process_time()
    root = parsed(draw_svg(graph, "builtin"))
    assert len(with_class(root, "fsm-node")) == len(graph.nodes)
    for element in root.iter():
        assert element.tag.rpartition("}")[2] not in (
            "script",
            "foreignObject",
            "iframe",
            "use",
            "image",
            "animate",
            "set",
        )
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert re.match(r"/|https?://|$", element.get("href", ""), re.IGNORECASE)
    assert time.process_time() - began < 5


@pytest.mark.skipif(not dot.is_installed(), reason="Graphviz is not installed")
def test_graphviz_reads_every_dangerous_word_as_a_label() -> None:
    nodes = [Node(f"{number}", word, word, href=word, note=word) for number, word in enumerate(DANGER)]
    edges = [Edge(one.key, other.key, word) for one, other, word in zip(nodes, nodes[1:], DANGER, strict=False)]
    source = to_dot(Graph(tuple(nodes), tuple(edges), DANGER[0])).source
    picture = parsed(dot.run_dot(source, ("-Tsvg",), 20).decode())
    assert len(with_class(picture, "node")) == len(nodes)
    assert len(with_class(picture, "edge")) == len(edges)
    assert not [found for found in picture.iter() if found.tag.endswith("}a") or found.tag.endswith("script")]


@given(graphs())
@examples(30)
def test_both_engines_are_told_the_same_number_of_nodes(graph: Graph) -> None:
    drawn: graphviz.Digraph = to_dot(graph)
    assert len(re.findall(r"^\tn\d+ \[", drawn.source, re.MULTILINE)) == len(graph.nodes)

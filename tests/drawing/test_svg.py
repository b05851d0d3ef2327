from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.drawing.errors import GraphTooLarge
from django_tasks_fsm.drawing.graph import MAX_NODES, Edge, Graph, Node
from django_tasks_fsm.drawing.layout import dot
from django_tasks_fsm.drawing.palette import STATES
from django_tasks_fsm.drawing.svg import draw_svg
from tests.drawing.pictures import SVG, parsed, text_of, with_class
from tests.properties import examples

ELEMENTS = {"svg", "title", "desc", "defs", "marker", "path", "g", "a", "rect", "circle", "text"}
ATTRIBUTES = {
    *("class", "role", "aria-labelledby", "aria-hidden", "aria-current", "id", "data-engine", "data-key", "href"),
    *("viewBox", "width", "height", "x", "y", "rx", "cx", "cy", "r", "d", "transform"),
    *("stroke-width", "stroke-dasharray", "marker-end", "orient", "refX", "refY"),
    *("markerUnits", "markerWidth", "markerHeight"),
}
NASTY = [
    '"><script>alert(1)</script>', "]]>", "<!--", "&amp;&#0;", "\x00\x1b\ud800\udfff\ufffe", "'\" onload='x'", "",
    "javascript:alert(1)", "data:text/html,<script>", "/ok", "https://example.org/?a=1&b=2", "\u202ereverse", "a\nb",
]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(NASTY)
NODES = st.builds(
    Node,
    key=TEXT,
    label=TEXT,
    state=st.sampled_from([*STATES]) | TEXT,
    href=TEXT,
    note=TEXT,
    progress=st.none() | st.integers(),
    current=st.booleans(),
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any graph at all: cycles, loops, parallel edges, ends that do not exist."""
    nodes = draw(st.lists(NODES, max_size=6, unique_by=lambda node: node.key))
    end = st.sampled_from([node.key for node in nodes]) if nodes else TEXT
    standing = st.sampled_from(["met", "waiting", "broken"]) | TEXT
    condition = st.sampled_from(["done", "failed"]) | TEXT
    edges = draw(st.lists(st.builds(Edge, end | TEXT, end, condition, standing), max_size=8))
    return Graph(tuple(nodes), tuple(edges), draw(TEXT))


def two() -> Graph:
    nodes = (Node("a", "fetch", "DONE", "/a"), Node("b", "parse", "PENDING", "/b"))
    return Graph(nodes, (Edge("a", "b", standing="met"),), "Two tasks")


@pytest.mark.fault("F77", "F78")
@examples(60)
@given(graphs(), st.booleans())
def test_any_text_gives_a_well_formed_picture_without_code(graph, standalone):
    root = parsed(draw_svg(graph, "builtin", standalone))
    allowed = ELEMENTS | ({"style"} if standalone else set())
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in allowed
        assert set(element.keys()) <= ATTRIBUTES
        assert re.match(r"/|https?://|$", element.get("href", ""), re.IGNORECASE)
    assert len(with_class(root, "fsm-node")) == len(graph.nodes)


@pytest.mark.fault("F77")
def test_a_strict_content_security_policy_lets_the_picture_through():
    markup = draw_svg(two(), "builtin")
    assert not re.search(r"<style|<script|\sstyle=|\son\w+=|javascript:", markup)


def test_the_picture_has_a_name_and_says_how_much_there_is():
    root = parsed(draw_svg(two(), "builtin"))
    assert text_of(root, "title") == "Two tasks"
    assert text_of(root, "desc") == "2 nodes, 1 link. Done: 1, Pending: 1"
    named = {element.get("id") for element in root.iter()}
    assert set(root.get("aria-labelledby", "").split()) <= named


def test_two_pictures_on_a_page_do_not_share_ids():
    other = Graph((Node("c", "c", "DONE"),), (), "Another")
    first, second = (set(re.findall(r' id="([^"]+)"', draw_svg(graph, "builtin"))) for graph in (two(), other))
    assert first
    assert not first & second


def test_the_same_graph_gives_the_same_picture():
    assert draw_svg(two(), "builtin") == draw_svg(two(), "builtin")


@pytest.mark.skipif(not dot.is_installed(), reason="Graphviz is not installed")
def test_both_engines_give_the_same_cards_and_edges_at_other_places():
    ours, theirs = (parsed(draw_svg(two(), engine)) for engine in ("builtin", "graphviz"))
    assert (ours.get("data-engine"), theirs.get("data-engine")) == ("builtin", "graphviz")
    for name in ("fsm-node", "fsm-e-met", "fsm-n"):
        assert [found.text for found in with_class(ours, name)] == [found.text for found in with_class(theirs, name)]


def test_an_edge_names_its_ends_condition_and_standing():
    (edges,) = with_class(parsed(draw_svg(two(), "builtin")), "fsm-edges")
    assert [text_of(edge, "title") for edge in edges] == ["fetch \u2192 parse: done, met"]


def test_a_file_brings_its_own_style_and_ground():
    markup = draw_svg(two(), "builtin", standalone=True)
    root = parsed(markup)
    assert markup.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
    assert "prefers-color-scheme: dark" in text_of(root, "style")
    assert with_class(root, "fsm-ground")


def test_cards_and_edges_lie_inside_the_picture():
    graph = Graph((Node("a", "a", "DONE"),), (Edge("a", "a", "failed"),))
    root = parsed(draw_svg(graph, "builtin"))
    top = float(root.get("viewBox", "").split()[1])
    (label,) = with_class(root, "fsm-el")
    assert float(label.get("y", "")) - 10 > top


def test_a_wide_picture_scrolls_and_a_small_one_shrinks():
    row = [Node(str(number), "x", "DONE") for number in range(8)]
    wide = Graph(tuple(row), tuple(Edge(str(number), str(number + 1)) for number in range(7)))
    assert parsed(draw_svg(two(), "builtin")).get("class") == "fsm-graph fsm-fit"
    assert parsed(draw_svg(wide, "builtin")).get("class") == "fsm-graph"


@pytest.mark.fault("F65")
def test_a_graph_over_the_cap_is_refused_with_the_way_out():
    nodes = [Node(str(number), "x", "DONE") for number in range(MAX_NODES + 1)]
    with pytest.raises(GraphTooLarge, match=r"401 nodes.*neighbourhood"):
        draw_svg(Graph(tuple(nodes)))


def test_nothing_to_draw_is_a_picture_too():
    root = parsed(draw_svg(Graph(())))
    assert text_of(root, "desc").startswith("0 nodes, 0 links")

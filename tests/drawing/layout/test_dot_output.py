from __future__ import annotations

import pytest

from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.layout.dot_output import read_plain
from tests.drawing.layout.graphs import sheet

GRAPH = "graph 1 4 1"
NODES = ['node n0 1 0.5 2.6 0.6 "" solid box black lightgrey', 'node n1 3 0.5 2.6 0.6 "" solid box black lightgrey']
EDGE = "edge n0 n1 4 1.5 0.5 1.75 0.5 2 0.5 2.5 0.5 solid black"
TWO = sheet(2, [(0, 1)])


def plain(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_inches_become_pixels():
    (drawn,) = read_plain(plain(GRAPH, *NODES, EDGE, "stop"), [TWO])
    assert (drawn.width, drawn.height) == (288, 72)
    assert drawn.centres == ((72, 36), (216, 36))
    assert drawn.curves == (((108, 36), (126, 36), (144, 36), (180, 36)),)


def test_graphs_follow_each_other():
    lone = sheet(1, [])
    first, second = read_plain(plain(GRAPH, *NODES, EDGE, "stop", "graph 1 3 1", NODES[0], "stop"), [TWO, lone])
    assert (first.width, second.width) == (288, 216)


def test_parallel_edges_are_kept_apart():
    (drawn,) = read_plain(plain(GRAPH, *NODES, EDGE, EDGE, "stop"), [sheet(2, [(0, 1), (0, 1)])])
    assert len(drawn.curves) == 2


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([GRAPH], "middle"),
        ([GRAPH, *NODES, EDGE], "middle"),
        ([GRAPH, NODES[0], EDGE, "stop"], "other nodes"),
        ([GRAPH, *NODES, "stop"], "other nodes or edges"),
        ([GRAPH, *NODES, EDGE, EDGE, "stop"], "other nodes or edges"),
        ([GRAPH, *NODES, EDGE, "stop", "stop"], "more graphs"),
        ([GRAPH, *NODES, EDGE, "<svg onload=alert(1)>", "stop"], "not understood"),
        ([GRAPH, "node n0 nan 1 1 1", "stop"], "broken line"),
        ([GRAPH, "node n0 inf 1 1 1", "stop"], "broken line"),
        ([GRAPH, "node evil 1 1 1 1", "stop"], "broken line"),
        ([GRAPH, "node n0 1", "stop"], "broken line"),
        ([GRAPH, *NODES, "edge n0 n1 5 1 1 1 1 1 1 1 1 1 1", "stop"], "broken line"),
        ([GRAPH, *NODES, "edge n0 n1 4 1 1 1 1", "stop"], "broken line"),
        (["graph 1 4", "stop"], "broken line"),
    ],
)
def test_output_that_is_not_what_was_asked_for_is_refused(lines, problem):
    with pytest.raises(DotFailed, match=problem):
        read_plain(plain(*lines), [TWO])

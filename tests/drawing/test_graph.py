from __future__ import annotations

from itertools import pairwise

import pytest

from django_tasks_fsm.drawing.errors import DuplicateNode
from django_tasks_fsm.drawing.graph import Edge, Graph, Node, neighbourhood


def chain(length: int) -> Graph:
    keys = [str(number) for number in range(length)]
    nodes = [Node(key, key, "PENDING") for key in keys]
    return Graph(tuple(nodes), tuple(Edge(a, b) for a, b in pairwise(keys)), "chain")


def keys(graph: Graph) -> list[str]:
    return [node.key for node in graph.nodes]


def test_two_nodes_with_one_key_are_refused_by_name():
    with pytest.raises(DuplicateNode, match="'a'"):
        Graph((Node("a", "first", "DONE"), Node("a", "second", "DONE")))


def test_an_edge_to_a_node_that_is_gone_is_left_out():
    graph = Graph((Node("a", "a", "DONE"),), (Edge("a", "deleted"), Edge("a", "a")))
    assert graph.inner_edges() == [Edge("a", "a")]


def test_neighbourhood_goes_up_and_down_by_the_steps():
    near = neighbourhood(chain(9), "4", 2)
    assert keys(near) == ["2", "3", "4", "5", "6"]
    assert near.edges == (Edge("2", "3"), Edge("3", "4"), Edge("4", "5"), Edge("5", "6"))
    assert near.title == "chain"


def test_neighbourhood_marks_its_middle_and_nothing_else():
    graph = Graph((Node("a", "a", "DONE", current=True), Node("b", "b", "DONE")), (Edge("a", "b"),))
    assert [node.current for node in neighbourhood(graph, "b", 1).nodes] == [False, True]


def test_neighbourhood_keeps_the_nearest_under_its_limit():
    assert keys(neighbourhood(chain(9), "0", 8, limit=3)) == ["0", "1", "2"]


def test_neighbourhood_of_a_stranger_is_empty():
    assert neighbourhood(chain(3), "stranger", 2) == Graph((), (), "chain")


def test_a_chain_longer_than_pythons_stack_is_walked():
    assert len(neighbourhood(chain(5000), "0", 5000, limit=5000).nodes) == 5000


@pytest.mark.fault("F63")
def test_a_cycle_is_walked_once():
    nodes = (Node("a", "a", "DONE"), Node("b", "b", "DONE"))
    assert keys(neighbourhood(Graph(nodes, (Edge("a", "b"), Edge("b", "a"))), "a", 99)) == ["a", "b"]

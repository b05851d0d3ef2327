from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.graph import closure, critical_path, cycle_in, layers, path, successors
from django_tasks_fsm.exceptions import CycleFound
from tests.properties import examples

LONG = 10_000
CHAIN = [(number, number + 1) for number in range(LONG)]

small_edges = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20)


def reachable(edges, start):
    seen = {start}
    while more := {target for source, target in edges if source in seen} - seen:
        seen |= more
    return seen


def test_successors_keep_the_order_of_the_edges():
    assert successors([("a", "c"), ("a", "b"), ("b", "c")]) == {"a": ["c", "b"], "b": ["c"]}


@pytest.mark.fault("F65")
def test_a_chain_of_10000_needs_no_recursion():
    followers = successors(CHAIN)
    assert closure([0], followers) == set(range(LONG + 1))
    assert path(0, LONG, followers) == list(range(LONG + 1))
    assert len(layers(range(LONG + 1), CHAIN)) == LONG + 1
    assert cycle_in(CHAIN) == []


def test_a_ring_of_10000_is_named_in_full():
    ring = [*CHAIN, (LONG, 0)]
    assert sorted(cycle_in(ring)) == list(range(LONG + 1))


def test_a_cycle_is_named_without_the_way_that_leads_to_it():
    edges = [("start", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "end")]
    assert cycle_in(edges) == ["a", "b", "c"]
    with pytest.raises(CycleFound, match="a -> b -> c -> a"):
        layers(["start", "a", "b", "c", "end"], edges)


def test_a_node_that_waits_for_itself_is_a_cycle():
    assert cycle_in([("a", "a")]) == ["a"]
    with pytest.raises(CycleFound, match="a -> a"):
        layers(["a"], [("a", "a")])


def test_a_diamond_is_no_cycle():
    diamond = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    assert cycle_in(diamond) == []
    assert layers("abcd", diamond) == [["a"], ["b", "c"], ["d"]]


def test_a_layer_follows_the_longest_way():
    assert layers("abc", [("a", "b"), ("b", "c"), ("a", "c")]) == [["a"], ["b"], ["c"]]


def test_a_layer_keeps_the_order_of_the_nodes():
    assert layers("dcba", []) == [["d", "c", "b", "a"]]


def test_a_doubled_edge_and_a_doubled_node_count_once():
    assert layers("aab", [("a", "b"), ("a", "b")]) == [["a"], ["b"]]


def test_there_is_no_way_against_the_arrows():
    followers = successors([("a", "b")])
    assert path("b", "a", followers) is None
    assert path("a", "a", followers) == ["a"]
    assert closure([], followers) == set()


def test_the_shortest_way_is_taken():
    followers = successors([("a", "b"), ("b", "c"), ("a", "c")])
    assert path("a", "c", followers) == ["a", "c"]


@given(small_edges)
@examples(200)
def test_layers_and_cycle_agree_about_every_small_graph(edges):
    nodes = range(8)
    cycle = cycle_in(edges)
    if not cycle:
        place = {node: number for number, layer in enumerate(layers(nodes, edges)) for node in layer}
        assert set(place) == set(nodes)
        assert all(place[source] < place[target] for source, target in edges)
        return
    assert len(set(cycle)) == len(cycle)
    assert all(pair in edges for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    with pytest.raises(CycleFound):
        layers(nodes, edges)


@given(small_edges, st.integers(0, 7))
@examples(100)
def test_the_closure_is_what_can_be_reached(edges, start):
    followers = successors(edges)
    assert closure([start], followers) == reachable(edges, start)
    assert all((path(start, node, followers) is not None) == (node in reachable(edges, start)) for node in range(8))


def test_the_critical_path_goes_back_over_what_ended_last():
    ended = {"a": 1, "b": 5, "c": 3, "d": 9, "e": 8}
    sources = {"d": ["b", "c"], "b": ["a"], "e": ["c"]}
    assert critical_path(ended, sources) == ["a", "b", "d"]


def test_the_critical_path_leaves_out_what_never_ended():
    assert critical_path({"b": 2}, {"b": ["a"]}) == ["b"]
    assert critical_path({}, {"b": ["a"]}) == []


def test_a_critical_path_in_a_loop_ends():
    assert critical_path({"a": 1, "b": 2}, {"a": ["b"], "b": ["a"]}) == ["a", "b"]


def test_a_critical_path_of_ten_thousand_is_ordinary():
    number = 10_000
    ended = {at: float(at) for at in range(number)}
    assert critical_path(ended, {at: [at - 1] for at in range(1, number)}) == list(range(number))

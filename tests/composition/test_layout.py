"""Who waits for whom."""

from __future__ import annotations

import random

import pytest

from django_tasks_fsm import chain, group
from django_tasks_fsm.composition.layout import MOST_EDGES, laid_out
from tests.composition.reference import built, understood, written
from tests.composition.sample import say


@pytest.mark.parametrize("seed", range(60))
def test_random_compositions_mean_what_the_words_say(seed):
    what = written(random.Random(seed), 1 + seed % 25)
    layout = laid_out(built(what))
    assert [step.args for step in layout.steps] == [(number,) for number in range(1 + seed % 25)]
    edges = [(edge.before, edge.after) for edge in layout.edges]
    assert len(edges) == len(set(edges))
    assert set(edges) == understood(what).edges


def test_terms_are_those_of_the_chain_that_makes_the_edge():
    inner = chain(say, say, condition="failed")
    outer = laid_out(chain(say, inner, say, condition="finished", on_failure="skip"))
    terms = {(edge.before, edge.after): (edge.condition.value, edge.on_failure) for edge in outer.edges}
    assert terms == {(0, 1): ("finished", "skip"), (1, 2): ("failed", None), (2, 3): ("finished", "skip")}


def test_an_empty_group_between_two_steps_keeps_their_order():
    (edge,) = laid_out(chain(say, group(*[]), say)).edges
    assert (edge.before, edge.after) == (0, 1)


def test_compositions_nested_deeper_than_python_recurses():
    deep = chain(say)
    for _ in range(10_000):
        deep = chain(deep, say)
    layout = laid_out(deep)
    assert {(edge.before, edge.after) for edge in layout.edges} == {(one, one + 1) for one in range(10_000)}
    assert repr(deep) == "<Chain of 2>"


def test_groups_whose_edges_are_too_many_are_refused_with_a_way_out():
    many = group(*[say] * 400)
    with pytest.raises(ValueError, match=f"More than {MOST_EDGES:,} prerequisites.*Put one step between"):
        laid_out(chain(many, many))
    assert len(laid_out(chain(many, say, many)).edges) == 800

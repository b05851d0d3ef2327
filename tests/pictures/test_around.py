from __future__ import annotations

from itertools import pairwise

import pytest

from django_tasks_fsm.pictures.around import DOWN, UP, among, walk

CHAIN = list(pairwise(range(10)))


def test_steps_go_up_and_down_alike():
    assert set(walk(5, 2, 100, among(CHAIN)).keys) == {3, 4, 5, 6, 7}


def test_what_was_not_asked_for_is_the_frontier():
    around = walk(5, 1, 100, among(CHAIN))
    assert set(around.frontier) == {4, 6}
    assert not around.is_whole


def test_a_graph_that_ends_is_whole():
    assert walk(5, 50, 100, among(CHAIN)).is_whole
    assert walk(0, 3, 100, among([])).keys == (0,)


def test_what_there_is_no_room_for_is_counted_on_its_side():
    hub = [(f"up {n}", "hub") for n in range(8)] + [("hub", f"down {n}") for n in range(5)]
    around = walk("hub", 1, 9, among(hub))
    assert len(around.keys) == 9
    assert around.rest == {("hub", DOWN): 5}
    assert walk("hub", 1, 3, among(hub)).rest == {("hub", UP): 6, ("hub", DOWN): 5}


@pytest.mark.fault("F63")
def test_a_loop_ends():
    assert walk(1, 99, 99, among([(1, 2), (2, 1)])).keys == (1, 2)


def test_no_step_asks_for_the_same_key_twice():
    asked: list[int] = []
    neighbours = among(CHAIN)

    def ask(keys):
        asked.extend(keys)
        return neighbours(keys)

    walk(0, 9, 100, ask)
    assert asked == list(range(9))

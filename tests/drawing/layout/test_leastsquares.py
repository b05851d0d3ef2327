from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.drawing.layout.leastsquares import spread

WANTED = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12)


def test_what_does_not_collide_gets_its_place():
    assert spread([0, 50, 200], [1, 1, 1], [40, 40]) == [0, 50, 200]


def test_what_collides_gives_way_by_equal_shares():
    assert spread([0, 0], [1, 1], [10]) == [-5, 5]


def test_the_heavier_gives_way_less():
    assert spread([0, 0], [3, 1], [10]) == [-2.5, 7.5]


def test_an_order_that_is_wrong_way_round_is_kept_at_the_least_distance():
    assert spread([100, 0], [1, 1], [10]) == [45, 55]


@given(WANTED)
def test_gaps_are_kept_whatever_is_wanted(wanted):
    places = spread(wanted, [1.0] * len(wanted), [16.0] * (len(wanted) - 1))
    assert all(lower - upper >= 16 - 1e-6 for upper, lower in pairwise(places))


@given(WANTED)
def test_no_shift_of_the_whole_is_better(wanted):
    places = spread(wanted, [1.0] * len(wanted), [16.0] * (len(wanted) - 1))
    assert sum(places) == pytest.approx(sum(wanted), abs=1e-6)

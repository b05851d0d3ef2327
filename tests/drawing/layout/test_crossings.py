from __future__ import annotations

import random
from itertools import combinations

from django_tasks_fsm.drawing.layout.crossings import crossings, pair_crossings, positions


def by_hand(columns, left, place):
    """Compare every two links between neighbouring columns."""
    total = 0
    for column in columns[1:]:
        steps = [(place[other], place[box]) for box in column for other in left[box]]
        total += sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(steps, 2))
    return total


def test_crossings_are_those_that_a_comparison_of_all_links_finds():
    source = random.Random(4)
    columns = [list(range(start, start + 12)) for start in (0, 12, 24)]
    left = [[] if box < 12 else sorted(source.sample(columns[box // 12 - 1], 3)) for box in range(36)]
    for column in columns:
        source.shuffle(column)
    place = positions(columns, 36)
    assert crossings(columns, left, place) == by_hand(columns, left, place) > 0


def test_links_from_or_to_one_box_do_not_cross():
    assert crossings([[0], [1, 2, 3]], [[], [0], [0], [0]], positions([[0], [1, 2, 3]], 4)) == 0


def test_a_pair_is_counted_in_its_order():
    assert pair_crossings([1, 2], [0]) == 2
    assert pair_crossings([0], [1, 2]) == 0
    assert pair_crossings([1], [1]) == 0

from __future__ import annotations

from itertools import pairwise

from django_tasks_fsm.drawing.layout.columns import make_columns
from tests.drawing.layout.graphs import sheet, task_pairs

SHORTCUT = [(0, 1), (1, 2), (2, 3), (0, 3)]


def test_a_long_link_has_a_bend_in_every_column_it_passes():
    table = make_columns(sheet(4, SHORTCUT))
    chain = table.chains[3]
    assert [table.rank[box] for box in chain] == [0, 1, 2, 3]
    assert [table.is_bend(box) for box in chain] == [False, True, True, False]


def test_neighbours_are_in_the_next_column():
    table = make_columns(sheet(80, task_pairs(80)))
    for box, following in enumerate(table.right):
        assert all(table.rank[other] == table.rank[box] + 1 for other in following)
    assert all(box in table.left[other] for box, following in enumerate(table.right) for other in following)


def test_every_box_and_bend_is_in_one_column():
    table = make_columns(sheet(80, task_pairs(80)))
    assert sorted(box for column in table.columns for box in column) == list(range(len(table.boxes)))


def test_a_work_limit_leaves_the_longest_links_straight():
    table = make_columns(sheet(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (0, 4)]), max_bends=2)
    assert table.chains[4][0] == 0
    assert len(table.chains[4]) == 3
    assert table.chains[5] == [0, 4]


def test_a_chain_with_many_shortcuts_stays_within_the_limit():
    pairs = [(n, n + 1) for n in range(999)] + [(n, n + 50) for n in range(950)]
    table = make_columns(sheet(1000, pairs), max_bends=5000)
    assert len(table.boxes) <= 6000
    assert all(table.rank[a] < table.rank[b] for chain in table.chains for a, b in pairwise(chain))

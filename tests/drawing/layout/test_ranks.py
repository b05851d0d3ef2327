from __future__ import annotations

from django_tasks_fsm.drawing.layout.ranks import ranks
from tests.drawing.layout.graphs import task_pairs


def test_every_box_is_right_of_all_that_lead_to_it():
    pairs = task_pairs(200)
    rank = ranks(200, pairs)
    assert all(rank[source] < rank[target] for source, target in pairs)
    assert min(rank) == 0


def test_a_start_is_pulled_to_the_only_box_it_leads_to():
    assert ranks(5, [(0, 1), (1, 2), (2, 3), (4, 3)]) == [0, 1, 2, 3, 2]


def test_parallel_links_count_once():
    assert ranks(2, [(0, 1), (0, 1)]) == [0, 1]


def test_nothing_has_no_columns():
    assert ranks(0, []) == []

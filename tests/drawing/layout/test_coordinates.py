from __future__ import annotations

from itertools import pairwise

import pytest

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import make_columns
from django_tasks_fsm.drawing.layout.coordinates import column_spans, heights
from django_tasks_fsm.drawing.layout.geometry import COLUMN_GAP, Box, Sheet
from tests.drawing.layout.graphs import CARD, sheet, task_pairs


def test_a_chain_is_straight():
    table = make_columns(sheet(4, [(0, 1), (1, 2), (2, 3)]))
    assert heights(table, Budget(10_000)) == [23.0] * 4


def test_a_box_lies_in_the_middle_of_what_it_leads_to():
    table = make_columns(sheet(3, [(0, 1), (0, 2)]))
    height = heights(table, Budget(10_000))
    assert height[0] == pytest.approx((height[1] + height[2]) / 2)
    assert abs(height[1] - height[2]) > CARD.height


def test_a_long_link_is_straight_between_its_bends():
    table = make_columns(sheet(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]))
    height = heights(table, Budget(10_000))
    bends = [height[box] for box in table.chains[4][1:-1]]
    assert bends == pytest.approx([bends[0]] * len(bends), abs=0.5)


def test_cards_of_a_column_keep_their_distance_even_without_a_budget():
    table = make_columns(sheet(200, task_pairs(200)))
    height = heights(table, Budget(0))
    for column in table.columns:
        cards = [height[box] for box in column if not table.is_bend(box)]
        assert all(lower - upper >= CARD.height + 15.99 for upper, lower in pairwise(cards))


def test_a_budget_bounds_the_rounds():
    table = make_columns(sheet(200, task_pairs(200)))
    poor, rich = Budget(0), Budget(10**9)
    heights(table, poor)
    heights(table, rich)
    assert poor.spent == 4 * 2 * table.size
    assert rich.spent == 30 * 2 * table.size


def test_columns_do_not_touch():
    spans = column_spans(make_columns(sheet(60, task_pairs(60))))
    assert all(after[0] - before[1] >= COLUMN_GAP for before, after in pairwise(spans))


def test_a_column_of_labels_alone_is_narrow_and_close():
    spans = column_spans(make_columns(Sheet((CARD, Box(40, 14), CARD), ((0, 1), (1, 2)))))
    assert spans[1][1] - spans[1][0] == 40
    assert spans[1][0] - spans[0][1] < COLUMN_GAP

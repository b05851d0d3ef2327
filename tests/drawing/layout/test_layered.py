from __future__ import annotations

import pytest

from django_tasks_fsm.drawing.layout import layered
from django_tasks_fsm.drawing.layout.budget import Budget
from tests.drawing.layout.graphs import is_inside, overlapping, sheet, task_pairs


@pytest.mark.parametrize("count", [1, 2, 50, 200])
def test_cards_do_not_overlap_and_stay_on_the_page(count):
    given = sheet(count, task_pairs(count))
    (drawn,) = layered.arrange([given])
    assert overlapping(drawn.centres, given.boxes) == []
    assert is_inside(drawn, given.boxes)


def test_every_link_runs_from_left_to_right():
    given = sheet(80, task_pairs(80))
    (drawn,) = layered.arrange([given])
    for (source, target), curve in zip(given.pairs, drawn.curves, strict=True):
        assert drawn.centres[source][0] < drawn.centres[target][0]
        across = [x for x, _ in curve]
        assert across == sorted(across)


def test_no_link_runs_through_a_foreign_card():
    given = sheet(60, task_pairs(60))
    (drawn,) = layered.arrange([given])
    for pair, curve in zip(given.pairs, drawn.curves, strict=True):
        for card, (x, y) in enumerate(drawn.centres):
            if card not in pair:
                assert not any(abs(x - u) < 94 and abs(y - v) < 23 for u, v in curve)


def test_the_same_graph_is_drawn_the_same_way():
    given = sheet(150, task_pairs(150))
    assert layered.arrange([given]) == layered.arrange([given])


def test_one_budget_serves_all_sheets():
    given = [sheet(100, task_pairs(100, seed)) for seed in range(3)]
    ordering, placing = Budget(1), Budget(1)
    for one in given:
        layered.arrange_one(one, ordering, placing)
    assert ordering.exhausted
    assert placing.exhausted


@pytest.mark.parametrize(
    ("count", "pairs"),
    [
        (5000, task_pairs(5000)),
        (400, [(n, n + 1) for n in range(399)] + [(n, n + 50) for n in range(350)]),
        (240, [(a, b) for a in range(120) for b in range(120, 240)]),
        (150, [(a, b) for a in range(150) for b in range(a + 1, 150)]),
    ],
    ids=["5000 tasks", "chain with shortcuts", "everything needs everything", "complete order"],
)
def test_graphs_that_hang_other_engines_stay_within_the_budget(count, pairs):
    ordering, placing = Budget(layered.ORDERING_STEPS), Budget(layered.HEIGHT_STEPS)
    drawn = layered.arrange_one(sheet(count, pairs), ordering, placing)
    assert len(drawn.curves) == len(pairs)
    assert ordering.spent < 2 * layered.ORDERING_STEPS
    assert placing.spent < 2 * layered.HEIGHT_STEPS

from __future__ import annotations

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import make_columns
from django_tasks_fsm.drawing.layout.crossings import crossings, positions
from django_tasks_fsm.drawing.layout.ordering import order
from tests.drawing.layout.graphs import sheet, task_pairs


def count(table):
    return crossings(table.columns, table.left, positions(table.columns, len(table.boxes)))


def test_crossings_that_can_be_avoided_are_avoided():
    table = make_columns(sheet(6, [(0, 5), (1, 4), (2, 3), (0, 4), (1, 3)]))
    table.columns[1].sort()
    assert count(table) > 0
    order(table, Budget(100_000))
    assert count(table) == 0


def test_ordering_halves_the_crossings_of_a_realistic_graph():
    table = make_columns(sheet(120, task_pairs(120)))
    before = count(table)
    order(table, Budget(1_000_000))
    assert count(table) < before / 2


def test_ordering_only_reorders():
    table = make_columns(sheet(60, task_pairs(60)))
    before = [sorted(column) for column in table.columns]
    order(table, Budget(100_000))
    assert [sorted(column) for column in table.columns] == before


def test_an_exhausted_budget_still_gives_one_sweep_and_no_more():
    rich, poor = make_columns(sheet(300, task_pairs(300))), make_columns(sheet(300, task_pairs(300)))
    before, budget, plenty = count(poor), Budget(0), Budget(10**9)
    order(poor, budget)
    order(rich, plenty)
    assert count(rich) < count(poor) < before
    assert budget.spent < 10 * poor.size < plenty.spent


def test_a_budget_bounds_the_steps_of_a_dense_graph():
    dense = [(a, b) for a in range(60) for b in range(60, 120)]
    table, budget = make_columns(sheet(120, dense)), Budget(50_000)
    order(table, budget)
    assert budget.spent < 50_000 + 10 * table.size

from __future__ import annotations

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import make_columns
from django_tasks_fsm.drawing.layout.crossings import crossings, positions
from django_tasks_fsm.drawing.layout.transposition import transpose
from tests.drawing.layout.graphs import sheet, task_pairs


def test_crossed_neighbours_are_exchanged():
    table = make_columns(sheet(4, [(0, 2), (1, 3)]))
    columns = [[0, 1], [3, 2]]
    transpose(table, columns, positions(columns, 4), even=False, budget=Budget(1000))
    assert crossings(columns, table.left, positions(columns, 4)) == 0


def test_places_are_kept_up_to_date():
    table = make_columns(sheet(50, task_pairs(50)))
    columns = [column[::-1] for column in table.columns]
    place = positions(columns, len(table.boxes))
    transpose(table, columns, place, even=True, budget=Budget(100_000))
    assert place == positions(columns, len(table.boxes))


def test_crossings_never_grow_without_even_exchanges():
    table = make_columns(sheet(80, task_pairs(80)))
    columns = [column[::-1] for column in table.columns]
    place = positions(columns, len(table.boxes))
    before = crossings(columns, table.left, place)
    transpose(table, columns, place, even=False, budget=Budget(100_000))
    assert crossings(columns, table.left, place) < before


def test_an_exhausted_budget_ends_after_one_round():
    table, budget = make_columns(sheet(120, task_pairs(120))), Budget(0)
    transpose(table, table.columns, positions(table.columns, len(table.boxes)), even=True, budget=budget)
    assert 0 < budget.spent <= 2 * table.size

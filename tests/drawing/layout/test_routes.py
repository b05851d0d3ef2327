from __future__ import annotations

from django_tasks_fsm.drawing.layout.columns import make_columns
from django_tasks_fsm.drawing.layout.routes import route
from tests.drawing.layout.graphs import sheet

SPANS = [(0.0, 188.0), (250.0, 438.0), (500.0, 688.0)]


def test_a_link_leaves_on_the_right_and_enters_on_the_left():
    table = make_columns(sheet(2, [(0, 1)]))
    curve = route(table, [0, 1], [(94.0, 23.0), (344.0, 123.0)], SPANS)
    assert (curve[0], curve[-1]) == ((188.0, 23.0), (250.0, 123.0))


def test_a_link_starts_and_ends_level():
    table = make_columns(sheet(2, [(0, 1)]))
    curve = route(table, [0, 1], [(94.0, 23.0), (344.0, 123.0)], SPANS)
    assert curve[1][1] == 23.0
    assert curve[-2][1] == 123.0


def test_a_link_passes_a_column_level_so_that_it_does_not_touch_its_cards():
    table = make_columns(sheet(3, [(0, 1), (1, 2), (0, 2)]))
    centres = [(94.0, 23.0), (344.0, 23.0), (594.0, 23.0), (344.0, 99.0)]
    curve = route(table, table.chains[2], centres, SPANS)
    assert {y for x, y in curve if 250 <= x <= 438} == {99.0}


def test_a_course_is_a_whole_number_of_curves():
    table = make_columns(sheet(3, [(0, 1), (1, 2), (0, 2)]))
    centres = [(94.0, 23.0), (344.0, 23.0), (594.0, 23.0), (344.0, 99.0)]
    assert all(len(route(table, chain, centres, SPANS)) % 3 == 1 for chain in table.chains)

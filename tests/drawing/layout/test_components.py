from __future__ import annotations

from django_tasks_fsm.drawing.layout.components import split
from django_tasks_fsm.drawing.layout.geometry import Box
from tests.drawing.layout.graphs import cards


def test_connected_boxes_stay_together_and_others_do_not():
    found = split(cards(6), [(0, 3), (5, 4), (3, 1)])
    assert [component.boxes for component in found] == [(0, 1, 3), (4, 5), (2,)]


def test_the_boxes_of_a_part_are_numbered_anew():
    boxes = [Box(width, 1) for width in (10, 20, 30)]
    first, second = split(boxes, [(2, 0)])
    assert (first.sheet.boxes, first.sheet.pairs) == ((Box(10, 1), Box(30, 1)), ((1, 0),))
    assert (second.sheet.boxes, second.sheet.pairs) == ((Box(20, 1),), ())


def test_the_pairs_of_a_part_are_remembered_by_number():
    found = split(cards(5), [(0, 1), (2, 3), (1, 0), (3, 4)])
    assert [component.pairs for component in found] == [(1, 3), (0, 2)]

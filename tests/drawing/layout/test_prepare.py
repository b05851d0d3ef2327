from __future__ import annotations

from django_tasks_fsm.drawing.layout import layered
from django_tasks_fsm.drawing.layout.components import split
from django_tasks_fsm.drawing.layout.geometry import Box, Link
from django_tasks_fsm.drawing.layout.prepare import combine, prepare
from tests.drawing.layout.graphs import CARD, cards, overlapping

LABEL = Box(50, 14)


def plan(boxes, given):
    prepared = prepare(boxes, given)
    components = split(prepared.boxes, prepared.pairs)
    drawn = layered.arrange([component.sheet for component in components])
    return combine(prepared, components, drawn, "builtin")


def test_a_label_lies_in_the_gap_of_its_link():
    (route,) = plan(cards(2), [Link(0, 1, LABEL)]).routes
    assert route.label is not None
    before, after = route.curves
    assert (before[-1][0], after[0][0]) == (route.label[0] - 25, route.label[0] + 25)
    assert before[-1][1] == after[0][1] == route.label[1]


def test_labels_cover_neither_cards_nor_each_other():
    given = [Link(0, target, LABEL) for target in range(1, 6)] + [Link(1, 5, LABEL), Link(0, 5, LABEL)]
    done = plan(cards(6), given)
    labels = [route.label for route in done.routes if route.label]
    assert len(labels) == 7
    assert overlapping((*done.centres, *labels), [CARD] * 6 + [LABEL] * 7) == []


def test_a_link_back_runs_from_right_to_left_and_ends_at_the_right_of_its_target():
    done = plan(cards(2), [Link(0, 1), Link(1, 0, LABEL)])
    first, last = done.routes[1].curves
    assert first[0][0] == done.centres[1][0] - 94
    assert last[-1][0] == done.centres[0][0] + 94
    assert last[-1][1] > done.centres[0][1], "its arrow would be hidden among the links that leave there"


def test_a_link_to_itself_is_left_to_the_painter():
    done = plan(cards(1), [Link(0, 0, LABEL)])
    assert done.routes[0].curves == ()
    assert len(done.centres) == 1


def test_parallel_links_each_have_a_route():
    done = plan(cards(2), [Link(0, 1), Link(0, 1, LABEL), Link(0, 1, LABEL)])
    assert [len(route.curves) for route in done.routes] == [1, 2, 2]


def test_parts_are_apart():
    done = plan(cards(7), [Link(0, 1), Link(2, 3), Link(3, 4)])
    assert overlapping(done.centres, cards(7)) == []
    assert max(done.centres[box][1] for box in (2, 3, 4)) < min(done.centres[box][1] for box in (5, 6))

from __future__ import annotations

import pytest

from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.drawing.edges import condition_and_standing, condition_caption, edge_group, label_box
from django_tasks_fsm.drawing.graph import Edge, Graph, Node
from django_tasks_fsm.drawing.layout.geometry import Route
from django_tasks_fsm.drawing.palette import POLICIES, POLICY_MEANINGS
from django_tasks_fsm.drawing.svg import draw_svg
from tests.drawing.pictures import parsed, text_of, with_class

STRAIGHT = Route((((0, 0), (1, 0), (2, 0), (3, 0)),))
AROUND_LABEL = Route((((0, 0), (1, 0), (2, 0), (3, 0)), ((5, 0), (6, 0), (7, 0), (8, 0))), (4.0, 0.0))


def test_the_usual_condition_is_not_written():
    assert condition_caption(Edge("a", "b")) == ""
    assert label_box("") is None


def test_another_condition_is_written_on_the_edge():
    edge = Edge("a", "b", "failed")
    drawn = edge_group(edge, AROUND_LABEL, (0, 0), (condition_caption(edge), "title"), "x")
    assert [label.text for label in with_class(drawn, "fsm-el")] == ["failed"]
    assert [piece.get("d") for piece in with_class(drawn, "fsm-e")] == [
        "M0.0,0.0C1.0,0.0 2.0,0.0 3.0,0.0",
        "M5.0,0.0C6.0,0.0 7.0,0.0 8.0,0.0",
    ]


@pytest.mark.parametrize(("standing", "arrow"), [("met", "plain"), ("waiting", "plain"), ("broken", "broken")])
def test_the_standing_decides_line_and_arrow(standing, arrow):
    drawn = edge_group(Edge("a", "b", standing=standing), STRAIGHT, (0, 0), ("", "title"), "x")
    (line,) = with_class(drawn, f"fsm-e-{standing}")
    assert line.get("marker-end") == f"url(#x-{arrow})"


def test_an_unknown_standing_never_becomes_a_class():
    edge = Edge("a", "b", standing='x" onload="1')  # type: ignore[arg-type]
    drawn = edge_group(edge, STRAIGHT, (0, 0), ("", "title"), "x")
    assert [line.get("class") for line in with_class(drawn, "fsm-e")] == ["fsm-e fsm-e-waiting"]


def test_an_edge_back_to_its_own_card_is_an_arch_over_it():
    drawn = edge_group(Edge("a", "a", "finished"), Route(()), (100.0, 100.0), ("finished", "title"), "x")
    assert with_class(drawn, "fsm-e")[0].get("d") == "M134.0,77.0C134.0,57.0 66.0,57.0 66.0,77.0"
    assert float(with_class(drawn, "fsm-el")[0].get("y", "0")) < 60


def test_a_pointer_is_told_condition_and_standing():
    edge = Edge("a", "b", "failed", "broken")
    assert condition_and_standing(edge) == "failed, broken"
    assert text_of(edge_group(edge, STRAIGHT, (0, 0), ("", "told"), "x"), "title") == "told"


def test_a_longer_caption_needs_more_room_up_to_a_limit():
    short, long, endless = label_box("ab"), label_box("ab, cd, ef"), label_box("x" * 500)
    assert short is not None
    assert long is not None
    assert endless is not None
    assert short.width < long.width < endless.width < 170


@pytest.mark.parametrize(
    ("policy", "caption"),
    [("block", ""), ("", ""), ("fail", "else fail"), ("cancel", "else cancel"), ("skip", "else skip"),
     ("ignore", "else go on"), ("new one", "new one")],
)  # fmt: skip
def test_a_policy_other_than_waiting_is_written_on_the_edge(policy, caption):
    assert condition_caption(Edge("a", "b", on_failure=policy)) == caption


def test_condition_and_policy_stand_together():
    edge = Edge("a", "b", "finished", "broken", "skip")
    assert condition_caption(edge) == "finished, else skip"
    assert condition_and_standing(edge) == "finished, broken, else skip"


def test_every_policy_of_the_core_has_a_word_and_a_meaning():
    assert set(POLICY_MEANINGS) == {policy.value for policy in OnFailure}
    assert set(POLICIES) == {policy.value for policy in OnFailure} - {"block"}


def test_an_edge_to_what_is_not_shown_has_no_arrow_and_no_standing():
    nodes = (Node("a", "a", "DONE"), Node("more", "+7 more", "", is_rest=True))
    root = parsed(draw_svg(Graph(nodes, (Edge("a", "more", standing="rest"),))))
    (course,) = with_class(root, "fsm-e-rest")
    assert course.get("marker-end") is None
    (card,) = with_class(root, "fsm-rest")
    assert card[0].text == "+7 more"
    assert "1 node, 0 links" in text_of(root, "desc")

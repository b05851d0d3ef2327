from __future__ import annotations

import pytest

from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE
from django_tasks_fsm.drawing.errors import UnknownMachine
from django_tasks_fsm.drawing.machine import machine_graph, machine_svg, machine_table
from tests.drawing.pictures import parsed, text_of, with_class

MACHINES = [("run", RUN_MACHINE), ("task", TASK_MACHINE)]


@pytest.mark.parametrize(("name", "machine"), MACHINES)
def test_the_picture_shows_every_transition_of_the_table_and_no_other(name, machine):
    shown = set()
    for edge in machine_graph(name).edges:
        shown |= {(edge.source, event, edge.target) for event in edge.condition.split(", ")}
    assert shown == set(machine.edges())


@pytest.mark.parametrize(("name", "machine"), MACHINES)
def test_every_state_has_a_card_and_every_pair_of_states_one_labelled_edge(name, machine):
    root = parsed(machine_svg(name))
    assert {card.get("data-key") for card in with_class(root, "fsm-node")} == set(machine.table)
    pairs = {(source, target) for source, _, target in machine.edges()}
    assert len(with_class(root, "fsm-el")) == len(pairs)


@pytest.mark.parametrize(("name", "machine"), MACHINES)
def test_every_event_is_written_in_full(name, machine):
    written = {
        event for label in with_class(parsed(machine_svg(name)), "fsm-el") for event in (label.text or "").split(", ")
    }
    assert written == {event for _, event, _ in machine.edges()}


def test_the_event_called_done_is_written_although_the_condition_done_is_not():
    (edge,) = [edge for edge in machine_graph("run").edges if (edge.source, edge.target) == ("RUNNING", "DONE")]
    assert edge.condition == "done"
    assert "done" in {label.text for label in with_class(parsed(machine_svg("run")), "fsm-el")}


def test_an_edge_tells_its_events_and_nothing_of_prerequisites():
    (edges,) = with_class(parsed(machine_svg("run")), "fsm-edges")
    assert "RUNNING \u2192 DONE: done" in {text_of(edge, "title") for edge in edges}


def test_the_picture_has_a_name():
    assert text_of(parsed(machine_svg("task", standalone=True)), "title") == "States of a task"


@pytest.mark.parametrize(("name", "machine"), MACHINES)
def test_the_table_in_markdown_has_a_row_for_every_state_with_all_its_events(name, machine):
    rows = {line.split(" | ")[0].strip("| "): line for line in machine_table(name).splitlines()[2:]}
    assert set(rows) == set(machine.table)
    for source, event, target in machine.edges():
        assert event in rows[source]
        assert target in rows[source]


def test_a_final_state_says_so():
    assert "| ABORTED | terminal |" in machine_table("run")


def test_an_unknown_machine_is_named_with_the_choices():
    with pytest.raises(UnknownMachine, match=r"'worker' is no state machine.*run, task"):
        machine_svg("worker")  # type: ignore[arg-type]

from __future__ import annotations

import pytest

from django_tasks_fsm.core.machine import EVENT_ALIASES, RUN_MACHINE, TASK_MACHINE
from django_tasks_fsm.core.states import FINAL, UNFINISHED, RunState, TaskState
from django_tasks_fsm.exceptions import IllegalTransition

# Written from the design by hand, so that the table and this text have to be changed together.
RUNS = """
PREPARE    prepared->PENDING cancel->CANCELLED abort->ABORTED
PENDING    queue->QUEUED dispatch->RUNNING reschedule->PENDING
PENDING    cancel->CANCELLED error->FAILED skip->SKIPPED abort->ABORTED
QUEUED     dispatch->RUNNING hold->PENDING reschedule->PENDING
QUEUED     cancel->CANCELLED error->FAILED skip->SKIPPED abort->ABORTED
RUNNING    done->DONE error->FAILED cancel->CANCELLED retry->PENDING reschedule->PENDING release->QUEUED
RUNNING    lose->PENDING lose->FAILED abort->ABORTED
DONE       rerun->PENDING
FAILED     retry->PENDING resolve->DONE abort->ABORTED
CANCELLED  retry->PENDING abort->ABORTED
SKIPPED    retry->PENDING
"""
TASKS = """
PREPARE    activate->ACTIVE retire->RETIRED
ACTIVE     pause->PAUSED exhaust->EXHAUSTED retire->RETIRED
PAUSED     resume->ACTIVE retire->RETIRED
EXHAUSTED  reschedule->ACTIVE retire->RETIRED
RETIRED    restore->ACTIVE
"""


def edges(text: str) -> set[tuple[str, str, str]]:
    rows = (line.split() for line in text.split("\n") if line)
    return {(state, *change.split("->")) for state, *changes in rows for change in changes}  # type: ignore[misc]


def as_words(machine) -> set[tuple[str, str, str]]:
    return {(state.value, event, target.value) for state, event, target in machine.edges()}


def test_the_table_of_runs_is_the_designs():
    assert as_words(RUN_MACHINE) == edges(RUNS)


def test_the_table_of_tasks_is_the_designs():
    assert as_words(TASK_MACHINE) == edges(TASKS)


def test_every_state_has_a_row():
    assert set(RUN_MACHINE.table) == set(RunState)
    assert set(TASK_MACHINE.table) == set(TaskState)


def test_aborted_is_terminal_and_nothing_else_is():
    assert [state for state in RunState if not RUN_MACHINE.events(state)] == [RunState.ABORTED]
    assert [state for state in TaskState if not TASK_MACHINE.events(state)] == []


def test_a_run_leaves_its_end_only_for_another_life_or_another_end():
    ways_out = {event for state in FINAL for event in RUN_MACHINE.events(state)}
    assert ways_out == {"rerun", "retry", "resolve", "abort"}


def test_only_a_dispatch_makes_a_run_running():
    assert {event for _, event, target in RUN_MACHINE.edges() if target == RunState.RUNNING} == {"dispatch"}
    assert RUN_MACHINE.sources("dispatch") == (RunState.PENDING, RunState.QUEUED)


def test_final_and_unfinished_divide_the_states():
    assert set(RunState) == FINAL | UNFINISHED
    assert not FINAL & UNFINISHED
    assert {"DONE", "FAILED", "CANCELLED", "SKIPPED", "ABORTED"} == FINAL


def test_except_is_another_word_for_error():
    assert EVENT_ALIASES == {"except": "error"}
    assert RUN_MACHINE.target("except", RunState.RUNNING) is RunState.FAILED
    assert RUN_MACHINE.sources("except") == RUN_MACHINE.sources("error")
    assert RUN_MACHINE.targets("except") == (RunState.FAILED,)


@pytest.mark.parametrize("event", ["", "finish", "DONE", "Done", "done ", "__class__"])
def test_an_unknown_event_is_refused_everywhere(event):
    assert RUN_MACHINE.sources(event) == ()
    assert RUN_MACHINE.targets(event) == ()
    for state in RunState:
        with pytest.raises(IllegalTransition, match="is not allowed in state"):
            RUN_MACHINE.target(event, state)


def test_the_refusal_says_what_is_allowed():
    with pytest.raises(IllegalTransition) as caught:
        RUN_MACHINE.target("done", RunState.CANCELLED)
    assert str(caught.value) == "Event 'done' is not allowed in state CANCELLED. Allowed there: retry, abort."
    assert (caught.value.event, caught.value.state, caught.value.allowed) == ("done", "CANCELLED", ("retry", "abort"))


def test_the_refusal_says_that_a_state_is_terminal():
    with pytest.raises(IllegalTransition, match="Allowed there: none: the state is terminal"):
        RUN_MACHINE.target("retry", RunState.ABORTED)


def test_a_lost_run_goes_where_the_policy_says():
    assert RUN_MACHINE.target("lose", RunState.RUNNING) is RunState.PENDING
    assert RUN_MACHINE.target("lose", RunState.RUNNING, RunState.FAILED) is RunState.FAILED


def test_a_target_that_the_table_does_not_offer_is_refused():
    with pytest.raises(IllegalTransition):
        RUN_MACHINE.target("lose", RunState.RUNNING, RunState.DONE)
    with pytest.raises(IllegalTransition):
        RUN_MACHINE.target("done", RunState.RUNNING, RunState.FAILED)


def test_the_tables_cannot_be_changed_at_run_time():
    with pytest.raises(TypeError):
        RUN_MACHINE.table[RunState.ABORTED] = {"retry": (RunState.PENDING,)}  # type: ignore[index]
    with pytest.raises(TypeError):
        RUN_MACHINE.table[RunState.ABORTED]["retry"] = (RunState.PENDING,)  # type: ignore[index]


def test_the_value_of_a_state_is_what_the_database_holds():
    assert all(state.value == state.name for state in (*RunState, *TaskState))
    assert RUN_MACHINE.target("done", RunState("RUNNING")) == "DONE"

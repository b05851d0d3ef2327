from __future__ import annotations

from typing import Any

import pytest

from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.exceptions import IllegalTransition, StaleState
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.by_hand import WAYS_OUT
from django_tasks_fsm.models.fsm import RunFSM, TaskFSM
from tests.store.rows import FAILURE, a_run, a_task, claimed, done, finished, state_of, waits_for

pytestmark = pytest.mark.django_db

EVENTS = sorted({event for row in RUN_MACHINE.table.values() for event in row})
BY_HAND: dict[tuple[str, str], dict[str, Any]] = {
    ("PREPARE", "prepared"): {}, ("PREPARE", "cancel"): {}, ("PREPARE", "abort"): {},
    ("PENDING", "reschedule"): {"at": None}, ("PENDING", "cancel"): {}, ("PENDING", "error"): {},
    ("PENDING", "skip"): {}, ("PENDING", "abort"): {},
    ("QUEUED", "cancel"): {}, ("QUEUED", "error"): {}, ("QUEUED", "skip"): {}, ("QUEUED", "abort"): {},
    ("RUNNING", "abort"): {}, ("DONE", "rerun"): {}, ("FAILED", "retry"): {}, ("FAILED", "abort"): {},
    ("FAILED", "resolve"): {"value": {"sum": 7}}, ("CANCELLED", "retry"): {}, ("CANCELLED", "abort"): {},
    ("SKIPPED", "retry"): {},
}  # fmt: skip


@pytest.mark.parametrize("state", RunState)
def test_a_run_knows_by_name_in_which_state_it_is(state):
    run = a_run(state.value)
    assert [name for name in RUN_MACHINE.table if getattr(run, f"is_{name.lower()}")] == [state]
    assert run.fsm_state == state
    assert run.fsm_events == RUN_MACHINE.events(state)


@pytest.mark.parametrize("state", TaskState)
def test_a_task_knows_by_name_in_which_state_it_is(state):
    task = a_task(state=state.value)
    assert [name for name in TASK_MACHINE.table if getattr(task, f"is_{name.lower()}")] == [state]
    assert task.fsm_events == TASK_MACHINE.events(state)


def test_the_names_are_those_of_the_tables():
    for mixin in (RunFSM, TaskFSM):
        assert {name for name in vars(mixin) if name.startswith("is_")} == {
            f"is_{state.lower()}" for state in mixin.machine.table
        }


def test_the_table_is_asked_under_both_names_of_an_event():
    assert a_run("QUEUED").fsm_event_is_allowed("except")
    assert not a_run("DONE").fsm_event_is_allowed("error")


@pytest.mark.parametrize(("state", "event"), BY_HAND)
def test_an_event_by_hand_moves_the_row_and_is_told(state, event):
    run = a_run(state)
    detail = {name: value or run.run_at for name, value in BY_HAND[state, event].items()}
    reached = run.fsm_event(event, actor=Actor("user:ann"), reason="because", **detail)
    assert reached == run.state == state_of(run)
    row = Transition.objects.get(run=run)
    assert (row.event, row.from_state, row.actor, row.reason) == (event, state, "user:ann", "because")


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("event", EVENTS)
def test_what_the_table_or_the_engine_does_not_allow_is_refused(state, event):
    if (state.value, event) in BY_HAND or (state, event) in [
        (RunState.RUNNING, "cancel"), (RunState.QUEUED, "reschedule")
    ]:  # fmt: skip
        return
    run = a_run(state.value)
    with pytest.raises(IllegalTransition) as refused:
        run.fsm_event(event)
    assert state_of(run) == state
    if RUN_MACHINE.sources(event) and event in RUN_MACHINE.events(state):
        assert WAYS_OUT.get(event, "abort") in str(refused.value)


def test_what_is_told_with_an_event_is_kept():
    run = a_run("QUEUED")
    assert run.fsm_event("except", reason="the disk is full", disk="sda1") == "FAILED"
    assert (Transition.objects.get(run=run).detail, run.error) == ({"disk": "sda1"}, "the disk is full")


def test_a_person_gives_a_failed_run_its_result():
    run, after = a_run("FAILED", error="no"), a_run("PENDING", waiting_on=1)
    waits_for(after, run)
    run.fsm_event("resolve", value=[1, 2])
    assert (run.result, run.error, state_of(after)) == ([1, 2], "", "QUEUED")


@pytest.mark.parametrize("event", ["reschedule", "resolve"])
def test_an_event_that_needs_more_says_so(event):
    run = a_run("PENDING" if event == "reschedule" else "FAILED")
    with pytest.raises(IllegalTransition, match=f"It needs (at|value)=: fsm_event\\('{event}'"):
        run.fsm_event(event)


def test_cancelling_a_running_run_asks_it_to_stop():
    run = a_run("RUNNING")
    assert run.fsm_event("cancel") == "RUNNING"
    assert run.cancel_requested_at is not None


def test_whoever_is_slower_is_told():
    run = a_run("QUEUED")
    TaskRun.objects.filter(pk=run.pk).abort()
    with pytest.raises(StaleState, match=f"Run {run.pk} has changed meanwhile"):
        run.fsm_event("cancel")
    assert run.is_aborted


def test_a_retry_is_refused_while_another_run_bears_the_key():
    run = a_run("FAILED", given_key="one")
    bearer = a_run("QUEUED", key="one")
    with pytest.raises(IllegalTransition, match=f"Its key 'one' is borne by run {bearer.pk}"):
        run.fsm_event("retry")


def test_events_of_a_task():
    task = a_task()
    assert task.fsm_event("pause", reason="holidays") == "PAUSED"
    assert task.fsm_event("resume") == "ACTIVE"
    assert [each.event for each in task.fsm_history] == ["pause", "resume"]
    with pytest.raises(IllegalTransition, match="A task is exhausted when its trigger has no more times"):
        task.fsm_event("exhaust")
    Task.objects.filter(pk=task.pk).retire()
    with pytest.raises(StaleState):
        task.fsm_event("pause")


def test_the_history_has_the_ordinary_events_too():
    run = a_run()
    finished(Outcome.failed(claimed(run), FAILURE))
    run.refresh_from_db()
    run.retry()
    done(run)
    run.refresh_from_db()
    told = [(each.old_state, each.event, each.new_state) for each in run.fsm_history]
    assert told == [
        ("RUNNING", "error", "FAILED"),
        ("FAILED", "retry", "PENDING"),
        ("QUEUED", "dispatch", "RUNNING"),
        ("RUNNING", "done", "DONE"),
    ]
    assert run.fsm_history[0].extra["exception"] == "builtins.ValueError"


def test_the_machine_is_drawn_with_the_present_state():
    run = a_run("FAILED")
    (line,) = [line for line in run.fsm_transitions_as_dot().splitlines() if "penwidth" in line]
    assert "Failed" in line
    assert "<svg" in run.fsm_as_svg()
    assert run.fsm_as_svg() != a_run("DONE").fsm_as_svg()
    assert "PAUSED" in a_task().fsm_transitions_as_dot()

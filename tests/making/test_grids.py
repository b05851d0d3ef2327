"""What becomes of a dependent, by the state of its prerequisite and the operation: cell by cell."""

from __future__ import annotations

import threading

import pytest

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import BlockedError, IllegalTransition, RunFailed
from django_tasks_fsm.making import make_now
from django_tasks_fsm.making.maker import Maker
from django_tasks_fsm.models import Transition
from tests.making.runs import a_run_of, in_state
from tests.making.sample import say
from tests.store.rows import claimed, finished
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.django_db

BLOCKING = [state for state in RunState if state is not RunState.DONE]

MADE = {
    RunState.PREPARE: ("FAILED", "some prerequisites are not done", "not_done"),
    RunState.FAILED: ("FAILED", "failed prerequisites", "failed"),
    RunState.ABORTED: ("FAILED", "failed prerequisites", "failed"),
    RunState.SKIPPED: ("FAILED", "failed prerequisites", "failed"),
    RunState.CANCELLED: ("CANCELLED", "cancelled prerequisites", "cancelled"),
}


@pytest.mark.parametrize("state", BLOCKING)
def test_a_prerequisite_that_is_not_done_blocks(state, said):
    before = in_state(state)
    run = a_run_of(say, "d", after=[before])
    assert run.is_blocked
    assert list(run.blockers()) == [before]
    for verb in (run.dispatch, run.bg):
        with pytest.raises(BlockedError, match=f"waits for run .*, which is {state}") as caught:
            verb()
        assert (caught.value.run, caught.value.blocking_run) == (run, before)
    assert said == []


def test_a_prerequisite_that_is_done_does_not_block(said):
    run = a_run_of(say, "d", after=[in_state(RunState.DONE)])
    assert not run.is_blocked
    assert run.dispatch().result == "d"
    assert said == ["d"]


@pytest.mark.parametrize("state", MADE)
def test_make_ends_what_waits_for_something_that_cannot_be_done(state, said):
    before = in_state(state)
    run = a_run_of(say, "d", after=[before])
    assert make_now(run) == [run]
    row = Transition.objects.get(run=run)
    assert (run.state, row.reason, row.detail) == (*MADE[state][:2], {MADE[state][2]: [str(before.pk)]})
    assert row.actor == "make"
    assert said == []
    with pytest.raises(RunFailed, match=f"ended as {run.state}"):
        run.wait(0)


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.QUEUED])
def test_make_makes_what_is_waited_for_first(state, said):
    run = a_run_of(say, "d", after=[in_state(state)])
    assert [each.state for each in make_now(run)] == ["DONE"]
    assert said == ["p", "d"]


def test_make_goes_on_where_the_prerequisite_is_done(said):
    run = a_run_of(say, "d", after=[in_state(RunState.DONE)])
    assert run.make()
    assert said == ["d"]


@pytest.mark.django_db(transaction=True)
def test_make_waits_for_a_prerequisite_that_somebody_else_executes(said, monkeypatch):
    before = a_run_of(say, "p")
    claim = claimed(before)
    run = a_run_of(say, "d", after=[before])
    looked = threading.Event()
    look = Maker._look_elsewhere

    def told(maker: Maker) -> None:
        looked.set()
        look(maker)

    monkeypatch.setattr(Maker, "_look_elsewhere", told)
    future = in_thread(lambda: make_now(run))
    assert looked.wait(SECONDS)
    finished(Outcome.done(claim, "null"))
    assert [each.state for each in future.result(SECONDS)] == ["DONE"]
    assert said == ["d"]


@pytest.mark.parametrize(
    "state", [RunState.DONE, RunState.FAILED, RunState.ABORTED, RunState.CANCELLED, RunState.SKIPPED]
)
def test_make_gives_back_what_has_ended_already(state, said):
    run = in_state(state)
    assert [each.state for each in make_now(run)] == [state]
    assert said == []


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.QUEUED])
def test_make_executes_what_has_not_begun(state, said):
    assert in_state(state).make()
    assert said == ["p"]


def test_make_refuses_a_run_that_is_being_prepared():
    run = in_state(RunState.PREPARE)
    with pytest.raises(IllegalTransition, match="that is being prepared cannot be made: call prepared"):
        run.make()


@pytest.mark.parametrize(
    "state", [RunState.PREPARE, RunState.RUNNING, RunState.DONE, RunState.FAILED, RunState.ABORTED]
)
def test_only_what_waits_can_be_dispatched(state, said):
    run = in_state(state)
    with pytest.raises(IllegalTransition, match=f"'dispatch' is not allowed in state {state}"):
        run.dispatch()
    assert said == []


@pytest.mark.parametrize("state", RunState)
def test_a_cancelled_or_skipped_run_is_not_completed(state):
    assert in_state(state).is_completed == (state in (RunState.DONE, RunState.FAILED, RunState.ABORTED))

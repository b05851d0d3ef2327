from __future__ import annotations

import pytest

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from tests.store.rows import a_run, events_of

pytestmark = pytest.mark.django_db


def test_a_running_run_is_asked_to_rest_and_goes_on_when_it_may():
    run = a_run("RUNNING")
    assert run.pause(actor=Actor("user:ann"), reason="lunch")
    assert run.pause_requested_at is not None
    assert run.is_running
    row = Transition.objects.get(run=run)
    assert (row.event, row.from_state, row.to_state, row.actor, row.reason) == (
        "pause_requested", "RUNNING", "RUNNING", "user:ann", "lunch"
    )  # fmt: skip
    assert run.resume()
    assert run.pause_requested_at is None
    assert events_of(run) == ["pause_requested", "resume"]


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.RUNNING])
def test_only_what_runs_can_rest(state):
    run = a_run(state.value)
    assert not run.pause()
    assert not run.resume()
    assert events_of(run) == []


def test_asking_twice_is_told_once():
    run = a_run("RUNNING")
    assert run.pause()
    asked = run.pause_requested_at
    assert run.pause()
    assert (run.pause_requested_at, events_of(run)) == (asked, ["pause_requested"])


def test_many_are_asked_at_once_and_the_others_counted():
    for state in ("RUNNING", "RUNNING", "QUEUED"):
        a_run(state)
    report = TaskRun.objects.pause()
    assert (report.asked, report.refused) == (2, (("QUEUED", 1),))
    assert TaskRun.objects.resume().asked == 2


def test_a_run_that_was_given_back_with_the_wish_can_be_resumed():
    run = a_run("QUEUED", pause_requested_at="2031-05-20T12:00Z")
    assert run.resume()


def test_a_new_life_begins_without_the_wish():
    run = a_run("FAILED", pause_requested_at="2031-05-20T12:00Z")
    run.retry()
    assert run.pause_requested_at is None

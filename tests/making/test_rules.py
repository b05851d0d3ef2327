from __future__ import annotations

import uuid

import pytest

from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.making.rules import Need, is_met, verdict


def need(condition: str = "done", on_failure: str = "block") -> Need:
    return Need(uuid.uuid4(), uuid.uuid4(), Condition(condition), OnFailure(on_failure))


@pytest.mark.parametrize("state", [RunState.PENDING, RunState.QUEUED, RunState.RUNNING, RunState.DONE])
def test_what_may_still_be_done_ends_nothing(state):
    assert verdict([(need(), state)]) is None


def test_a_failure_counts_more_than_a_cancellation_and_every_culprit_is_named():
    needs = [need(), need(), need()]
    states = [RunState.CANCELLED, RunState.FAILED, RunState.ABORTED]
    found = verdict(zip(needs, states, strict=True))
    assert found is not None
    assert (found.event, found.runs) == ("error", (needs[1].prerequisite, needs[2].prerequisite))


@pytest.mark.parametrize(("policy", "event"), [("fail", "error"), ("cancel", "cancel"), ("skip", "skip")])
def test_the_policy_of_an_edge_says_what_becomes_of_the_dependent(policy, event):
    found = verdict([(need(on_failure=policy), RunState.FAILED)])
    assert found is not None
    assert found.event == event


def test_what_waits_for_a_failure_is_skipped_when_there_is_none():
    found = verdict([(need("failed"), RunState.DONE)])
    assert found is not None
    assert found.event == "skip"


def test_a_failure_that_is_to_be_ignored_lets_the_dependent_go():
    assert is_met(need(on_failure="ignore"), RunState.FAILED)
    assert not is_met(need(on_failure="ignore"), RunState.RUNNING)
    assert is_met(need("finished"), RunState.CANCELLED)

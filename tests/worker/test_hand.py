from __future__ import annotations

import time
from dataclasses import replace

import pytest

from django_tasks_fsm.store.workers import Beat
from django_tasks_fsm.worker.hand import Hand
from tests.jobs.tasks import noop
from tests.worker.claims import job


@pytest.fixture
def held():
    return job(noop)


@pytest.fixture
def hand(held):
    hand = Hand()
    hand.add([held])
    return hand


def fences(*jobs):
    return {one.claim.id: one.claim.fence for one in jobs}


def test_a_job_is_held_from_claim_to_outcome(hand, held):
    assert len(hand) == 1
    assert hand.get(held.claim) is held
    hand.drop([held.claim])
    assert len(hand) == 0
    assert hand.get(held.claim) is None


def test_only_what_has_not_begun_grows_stale(hand, held):
    assert hand.oldest_unstarted() >= 0
    hand.begin(held)
    assert hand.oldest_unstarted() == 0


def test_what_was_given_back_uncalled_and_waits_for_its_row_does_not_grow_stale(hand, held):
    hand.keep([held.claim, job(noop).claim])
    assert (hand.oldest_unstarted(), hand.ended, len(hand)) == (0, 1, 1)
    hand.drop([held.claim])
    assert hand.ended == 0


def test_a_run_lost_and_claimed_anew_is_held_twice_until_its_first_function_ends(hand, held):
    anew = replace(held, claim=replace(held.claim, fence=2))
    hand.add([anew])
    told = Beat(fences(anew), frozenset({held.claim.id}))
    reasons = {job.claim.fence: reason[:8] for job, reason in hand.to_stop(told, time.monotonic())}
    assert reasons == {1: "the run ", 2: "a person"}
    hand.drop([held.claim])
    assert hand.get(anew.claim) is anew
    assert hand.strays(told) == hand.strays(told) == []


def test_a_run_that_is_still_mine_goes_on(hand, held):
    assert hand.to_stop(Beat(fences(held)), time.monotonic()) == []


def test_a_person_s_wish_is_heard(hand, held):
    found = hand.to_stop(Beat(fences(held), frozenset({held.claim.id})), time.monotonic())
    assert found == [(held, "a person asked for it")]


@pytest.mark.parametrize("change", [{}, {"fence": 2}], ids=["row gone", "claimed by somebody else"])
def test_a_run_that_is_lost_is_stopped(hand, held, change):
    told = {held.claim.id: change["fence"]} if change else {}
    ((stopped, reason),) = hand.to_stop(Beat(told), time.monotonic())
    assert stopped is held
    assert "does not belong" in reason


def test_a_heartbeat_older_than_the_claim_says_nothing_about_it(held):
    before = time.monotonic()
    hand = Hand()
    hand.add([held])
    assert hand.to_stop(Beat(), before - 1) == []


def test_a_run_that_never_arrived_is_a_stray_at_the_second_heartbeat(hand):
    lost = job(noop).claim
    told = Beat({lost.id: lost.fence})
    assert hand.strays(told) == []
    assert hand.strays(told) == [(lost.id, lost.fence)]


def test_a_claim_on_its_way_is_no_stray(hand):
    late = job(noop)
    told = Beat(fences(late))
    assert hand.strays(told) == []
    hand.add([late])
    assert hand.strays(told) == []


def test_a_claim_made_anew_is_no_stray(hand):
    lost = job(noop).claim
    assert hand.strays(Beat({lost.id: 1})) == []
    assert hand.strays(Beat({lost.id: 2})) == []

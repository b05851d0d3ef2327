"""Outcomes of runs that somebody else has locked: written later, and in nobody's way meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.store.cycle import Turn, turn
from tests.store.faults import soon_tired_of_locks
from tests.store.rows import DB, FAILURE, a_run, claims, enqueued, events_of, runs, state_of, states_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite" in connections.settings[DB]["ENGINE"], reason="locks the file, not rows"),
]

HOUR = timedelta(hours=1)
ENDINGS = {
    "done": (lambda claim: Outcome.done(claim, "1"), "DONE"),
    "failed": (lambda claim: Outcome.failed(claim, FAILURE), "FAILED"),
    "retry": (lambda claim: Outcome.retry(claim, FAILURE, HOUR), "PENDING"),
    "cancelled": (lambda claim: Outcome.cancelled(claim, "x"), "CANCELLED"),
    "rescheduled": (lambda claim: Outcome.rescheduled(claim, HOUR), "PENDING"),
    "released": (lambda claim: Outcome.released(claim, "x"), "QUEUED"),
}


@pytest.fixture(autouse=True)
def _deadline(db) -> Iterator[None]:
    # Whoever waits here, where locked rows should be left out, waits for the test itself.
    with soon_tired_of_locks():
        yield


def give(*outcomes: Outcome, room: int = 0) -> Turn:
    return turn(uuid.uuid4(), outcomes, ("default",), room, DB)


@pytest.mark.fault("F50")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_that_somebody_has_locked_holds_up_no_other(other, ending):
    outcome, state = ENDINGS[ending]
    locked, free, waiting = runs(3)
    first, second = claims(2)
    after = other.do(lambda: enqueued(locked, condition="finished"))
    did = give(outcome(first), outcome(second), room=5)
    assert did.written == {free.pk}
    assert did.busy == {first.key}
    assert waiting.pk in [claim.id for claim in did.claims]
    assert states_of([locked, free])[0] == "RUNNING"
    other.commit()
    did = give(outcome(first))
    assert did.written == {locked.pk}
    assert (did.busy, state_of(locked)) == (frozenset(), state)
    assert state_of(after) == ("QUEUED" if state in ("DONE", "FAILED", "CANCELLED") else "PENDING")


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_lost_for_good_is_not_busy(ending):
    run = a_run()
    (claim,) = claims(1)
    run.abort()
    did = give(ENDINGS[ending][0](claim))
    assert (did.written, did.busy) == (frozenset(), frozenset())


def test_a_run_that_is_being_aborted_is_busy_until_it_is_lost(other):
    run = a_run()
    (claim,) = claims(1)
    other.do(run.abort)
    assert give(Outcome.done(claim, "1")).busy == {claim.key}
    other.commit()
    did = give(Outcome.done(claim, "1"))
    assert (did.written, did.busy, state_of(run)) == (frozenset(), frozenset(), "ABORTED")


def test_a_former_claim_of_a_run_that_is_busy_now_is_lost(other):
    run = a_run()
    (stale,) = claims(1)
    give(Outcome.released(stale, "x"))
    (fresh,) = claims(1)
    other.do(lambda: enqueued(run))
    assert give(Outcome.done(stale, "1"), Outcome.failed(fresh, FAILURE)).busy == {fresh.key}


@pytest.mark.parametrize("ending", ["done", "failed"])
def test_a_give_back_does_not_overtake_an_end_when_the_lock_goes_between_the_two(other, ending):
    run = a_run()
    (claim,) = claims(1)
    other.do(lambda: enqueued(run))

    def commit_after_the_first_try(execute, sql, params, many, context):
        done = execute(sql, params, many, context)
        if "SKIP LOCKED" in sql:
            other.commit()
        return done

    with connection.execute_wrapper(commit_after_the_first_try):
        did = give(ENDINGS[ending][0](claim), Outcome.released(claim, "the worker stops"))
    assert did.busy == {claim.key}
    assert (state_of(run), events_of(run)) == ("RUNNING", [])


def test_many_workers_that_finish_at_once_do_not_take_each_other_s_runs_for_locked(other):
    runs(40)
    left, right = claims(20), claims(20)
    other.do(lambda: give(*(Outcome.done(claim, "1") for claim in left)))
    did = give(*(Outcome.done(claim, "1") for claim in right))
    assert (len(did.written), did.busy) == (20, frozenset())

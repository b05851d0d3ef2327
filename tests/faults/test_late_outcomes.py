"""A worker that comes too late changes nothing, whatever it brings and wherever its run is meanwhile."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from django_tasks_fsm import conf
from django_tasks_fsm.core.outcomes import Failure, Outcome
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store import workers
from django_tasks_fsm.store.cycle import turn
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.workers import Identity
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("transactional_db")

BROKEN = Failure("builtins.ValueError", "too late", "")
LATE = {
    "done": lambda claim: Outcome.done(claim, "1"),
    "failed": lambda claim: Outcome.failed(claim, BROKEN),
    "retry": lambda claim: Outcome.retry(claim, BROKEN, timedelta(seconds=60)),
    "cancelled": lambda claim: Outcome.cancelled(claim, "too late"),
    "rescheduled": lambda claim: Outcome.rescheduled(claim, timedelta(seconds=60)),
    "released": lambda claim: Outcome.released(claim, "too late"),
}


@pytest.fixture
def claim_one():
    """Claim the only run for a new worker."""

    def claim():
        identity = Identity(uuid.uuid4(), "late", "here", 1, ("*",), (), 1)
        workers.register(identity, "default")
        (claim,) = turn(identity.id, [], ["default"], 1, "default").claims
        return identity.id, claim

    return claim


def give_back(worker_id, claim):
    turn(worker_id, [Outcome.released(claim, "the worker stops")], (), 0, "default")


def lose(worker_id, claim):
    workers.leave(worker_id, "default")
    rescue(conf.options().lease, conf.options().max_losses, "default")


def lose_for_good(worker_id, claim):
    Task.objects.filter(pk=claim.task_id).update(on_lost="fail")
    lose(worker_id, claim)


def cancel_after_loss(worker_id, claim):
    lose(worker_id, claim)
    TaskRun.objects.get(pk=claim.id).cancel()


WHERE = {"given back": give_back, "rescued": lose, "failed as lost": lose_for_good, "cancelled": cancel_after_loss}


def row(run_id):
    return TaskRun.objects.filter(pk=run_id).values().get()


@pytest.mark.fault("F4")
@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("where", WHERE)
def test_a_late_outcome_changes_nothing(claim_one, where, late):
    noop.enqueue()
    worker_id, claim = claim_one()
    WHERE[where](worker_id, claim)
    before = row(claim.id)
    written = turn(worker_id, [LATE[late](claim)], (), 0, "default").written
    assert row(claim.id) == before
    assert written == frozenset()


@pytest.mark.fault("F4")
@pytest.mark.parametrize("late", LATE)
def test_an_outcome_after_the_next_claim_changes_nothing(claim_one, late):
    noop.enqueue()
    first, claim = claim_one()
    lose(first, claim)
    claim_one()
    before = row(claim.id)
    assert not turn(first, [LATE[late](claim)], (), 0, "default").written
    assert row(claim.id) == before


@pytest.mark.parametrize("late", LATE)
def test_a_run_given_back_and_ended_in_one_batch_is_not_ended_twice(claim_one, late):
    noop.enqueue()
    worker_id, claim = claim_one()
    turn(worker_id, [Outcome.released(claim, "the worker stops"), LATE[late](claim)], (), 0, "default")
    assert TaskRun.objects.get().state == ("DONE" if late == "done" else "QUEUED")

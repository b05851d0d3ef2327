"""Workers that claim, while others claim or people cancel, abort and pause."""

from __future__ import annotations

import pytest

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.queue_verbs import pause_queues, resume_queues
from django_tasks_fsm.store.workers import open_queues
from tests.specs.runner import explore
from tests.specs.worlds import assert_sound, emptied, row
from tests.store.rows import DB, a_run, claims, finished, runs

pytestmark = pytest.mark.django_db(transaction=True)


def one_queued() -> TaskRun:
    emptied()
    return a_run()


def test_of_two_workers_that_claim_each_run_goes_to_one():
    def begin():
        emptied()
        return runs(3)

    def check(world, did):
        taken = [claim.id for (claimed,) in did.values() for claim in claimed]
        assert len(taken) == len(set(taken)) >= 2
        found = {(run.pk in taken, run.state, run.fence) for run in TaskRun.objects.all()}
        assert found <= {(True, "RUNNING", 1), (False, "QUEUED", 0)}
        assert_sound()

    assert explore(begin, {"left": [lambda _: claims(2)], "right": [lambda _: claims(2)]}, check) >= 2


def test_a_run_that_is_cancelled_while_it_is_claimed_never_starts_or_is_asked_to_stop():
    def check(run, did):
        is_claimed, now = bool(did["worker"][0]), row(run)
        assert now.state == ("RUNNING" if is_claimed else "CANCELLED")
        assert (now.cancel_requested_at is not None) is is_claimed
        assert_sound()

    explore(one_queued, {"worker": [lambda _: claims(1)], "person": [lambda run: row(run).cancel()]}, check)


def test_a_run_that_is_aborted_while_it_is_claimed_and_finished_ends_once():
    taken: list[Claim] = []

    def claim(_):
        taken[:] = claims(1)
        return len(taken)

    def end(_):
        return finished(*(Outcome.done(claim, "1") for claim in taken)) if taken else set()

    def check(run, did):
        claimed, written = did["worker"]
        now = row(run)
        assert (now.state, now.fence) == ("DONE" if written else "ABORTED", claimed)
        assert did["person"] == [not written]
        assert_sound()

    explore(one_queued, {"worker": [claim, end], "person": [lambda run: row(run).abort()]}, check)


def test_who_asks_after_a_queue_was_paused_gets_nothing_of_it():
    def begin():
        resume_queues(["default"], DB)
        return one_queued()

    def serve(_):
        return claims(1, open_queues(["default"], [], DB))

    def check(run, did):
        assert row(run).state == ("RUNNING" if did["worker"][0] else "QUEUED")
        assert not did["person"][1]
        assert_sound()

    pause = [lambda _: pause_queues(["default"], DB, actor=Actor.system()), serve]
    explore(begin, {"worker": [serve], "person": pause}, check)

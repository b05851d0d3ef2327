"""Runs that end while others end, are taken over, or are given a new life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from django_tasks_fsm.core import prerequisites
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.models import TaskRun, Worker
from django_tasks_fsm.store.enqueue import Request, enqueue
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.stage import stage
from django_tasks_fsm.store.workers import Identity, beat, living
from tests.specs.runner import explore
from tests.specs.worlds import assert_sound, emptied, give, row
from tests.store.rows import DB, FAILURE, a_run, a_worker, claims, runs, waits_for

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)


class Awaited:
    """Two prerequisites that run, and what waits for both."""

    def __init__(self, condition: str) -> None:
        emptied()
        self.left, self.right = runs(2)
        found = {each.id: each for each in claims(2)}
        self.ends = [found[run.pk] for run in (self.left, self.right)]
        self.below = [a_run("PENDING", waiting_on=2) for _ in range(2)]
        for run in self.below:
            waits_for(run, self.left, self.right, condition=condition)


@pytest.mark.fault("F67")
@pytest.mark.parametrize("condition", ["done", "finished"])
def test_what_waits_for_two_that_end_at_the_same_moment_is_queued(condition):
    def end(at: int):
        failed = condition == "finished" and at
        return lambda world: give(
            Outcome.failed(world.ends[at], FAILURE) if failed else Outcome.done(world.ends[at], "1")
        )

    def check(world, did):
        assert [row(run).state for run in world.below] == ["QUEUED", "QUEUED"]
        assert_sound()

    explore(lambda: Awaited(condition), {"left": [end(0)], "right": [end(1)]}, check)


def test_what_is_enqueued_behind_a_run_that_ends_is_queued_too():
    def make(world):
        edges = tuple(prerequisites.Awaited(run.pk) for run in (world.left, world.right))
        return enqueue(Request(task_id=world.left.task_id, prerequisites=edges), DB)

    def end(world):
        return [give(Outcome.done(claim, "1")) for claim in world.ends]

    def check(world, did):
        assert row(did["caller"][0]).state == "QUEUED"
        assert_sound()

    explore(lambda: Awaited("done"), {"worker": [end], "caller": [make]}, check)


class Held:
    """A run that a worker holds who has been silent for too long."""

    def __init__(self) -> None:
        emptied()
        worker = a_worker(silent_for=60)
        self.identity = Identity(worker.pk, worker.name, "", 0, ("default",), (), 1)
        self.run = a_run()
        (self.claim,) = claims(1, worker=worker.pk)
        self.again: list[Any] = []


def save(_: Held) -> int:
    return len(rescue(LEASE, 3, DB))


@pytest.mark.fault("F14")
def test_a_heartbeat_at_the_last_moment_saves_the_run_or_comes_too_late():
    def check(world, did):
        now, (rescued,), (written,) = row(world.run), did["rescuer"], did["worker"][1:]
        assert now.state == ("DONE" if written else "QUEUED")
        assert (rescued == 0) is bool(written)
        assert living(LEASE, DB).filter(pk=world.identity.id).exists()
        assert_sound()

    def end(world):
        return give(Outcome.done(world.claim, "1"))

    explore(Held, {"worker": [lambda world: beat(world.identity, DB).fences, end], "rescuer": [save]}, check)


@pytest.mark.fault("F4")
def test_a_run_that_is_rescued_and_claimed_anew_is_not_ended_by_its_former_worker():
    def claim_again(world):
        stage(DB)
        world.again = claims(1)
        return [give(Outcome.failed(claim, FAILURE)) for claim in world.again]

    def check(world, did):
        (written,), now = did["late"], row(world.run)
        ended_by_other = any(did["other"][0])
        assert now.state == ("DONE" if written else "FAILED" if ended_by_other else "QUEUED")
        assert not (written and ended_by_other)
        assert now.fence == 1 + len(world.again)
        assert_sound()

    def end(world):
        return give(Outcome.done(world.claim, "1"))

    explore(Held, {"late": [end], "rescuer": [save], "other": [claim_again]}, check)


@pytest.mark.fault("F14")
def test_two_rescuers_take_a_run_back_once():
    def check(world, did):
        assert did["left"][0] + did["right"][0] == 1
        assert (row(world.run).state, Worker.objects.count()) == ("QUEUED", 1)
        assert_sound()

    explore(Held, {"left": [save], "right": [save]}, check)


def test_a_retry_by_a_person_is_not_ended_by_the_worker_of_the_life_before():
    def person(world):
        run = row(world.run)
        return run.cancel(), run.retry()

    def end(world):
        return give(Outcome.cancelled(world.claim, "asked")), give(Outcome.done(world.claim, "1"))

    def other(world):
        world.again = claims(1)
        return [give(Outcome.done(claim, "2")) for claim in world.again]

    def check(world, did):
        now, again = row(world.run), len(world.again)
        assert now.fence == 1 + again
        if again:
            assert (now.state, now.result) == ("DONE", 2)
        assert_sound()

    explore(Held, {"late": [end], "person": [person], "other": [other]}, check)


def test_a_rerun_of_what_ended_and_a_claim_of_it_leave_one_owner():
    def begin():
        world = Held()
        assert give(Outcome.done(world.claim, "1"))
        return world

    def rerun(world):
        return row(world.run).rerun(downstream=False)

    def late(world):
        return give(Outcome.done(world.claim, '"late"'))

    def other(world):
        stage(DB)
        return [give(Outcome.done(each, "2")) for each in claims(1)]

    def check(world, did):
        assert did["late"] == [frozenset()]
        now = row(world.run)
        assert (now.state, now.result) in [("QUEUED", None), ("DONE", 2)]
        assert_sound()

    explore(begin, {"person": [rerun], "late": [late], "other": [other]}, check)


def test_a_prerequisite_that_begins_anew_while_what_waits_for_it_is_claimed_holds_it_or_comes_too_late():
    def begin():
        world = Awaited("done")
        for each in world.ends:
            give(Outcome.done(each, "1"))
        return world

    def rerun(world):
        return row(world.left).rerun(downstream=False)

    def other(world):
        return {each.id for each in claims(1)}

    def check(world, did):
        running = set(TaskRun.objects.filter(state="RUNNING").values_list("pk", flat=True))
        assert running == did["worker"][0]
        states = [row(run).state for run in world.below]
        assert sorted(states) in (["PENDING", "PENDING"], ["PENDING", "RUNNING"])
        assert_sound()

    explore(begin, {"person": [rerun], "worker": [other]}, check)


def test_a_prerequisite_that_ends_while_what_needed_it_begins_anew_is_not_waited_for():
    def begin():
        world = Awaited("done")
        for each in world.ends:
            give(Outcome.done(each, "1"))
        for each in claims(2):
            give(Outcome.failed(each, FAILURE))
        row(world.left).rerun(downstream=False)
        return world, *claims(1)

    def check(made, did):
        assert [row(run).state for run in made[0].below] == ["QUEUED", "FAILED"]
        assert_sound()

    person = [lambda made: row(made[0].below[0]).retry()]
    explore(begin, {"person": person, "worker": [lambda made: give(Outcome.done(made[1], "1"))]}, check)

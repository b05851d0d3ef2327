from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import FunctionNotRegistered, IllegalTransition, StaleState
from django_tasks_fsm.making.performer import Performer
from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.store.claim import claim_run
from tests.making.runs import a_run_of, in_state
from tests.making.sample import fail, say
from tests.store.rows import a_run, a_worker, events_of
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db


def test_a_run_is_executed_here_and_now_though_it_is_not_due(said):
    run = a_run_of(say, "a", run_after=timezone.now() + timedelta(days=1))
    assert run.dispatch() is run
    assert (run.state, run.result, run.attempt, said) == ("DONE", "a", 1, ["a"])


def test_a_function_that_raises_fails_its_run_and_nothing_else(said):
    run = a_run_of(fail, "a").dispatch()
    assert run.error == "builtins.ValueError: a does not work"
    assert run.is_completed


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_the_worker_has_gone_afterwards(said):
    a_run_of(say, "a").dispatch()
    worker = Worker.objects.get()
    assert worker.stopped_at is not None
    assert worker.name.startswith("make@")


@pytest.mark.django_db(transaction=True)
def test_all_that_is_done_in_a_transaction_is_undone_with_it(said):
    run = a_run_of(say, "a")
    with transaction.atomic():
        run.dispatch()
        transaction.set_rollback(True)
    run.refresh_from_db()
    assert (run.state, said) == ("QUEUED", ["a"])
    assert not Worker.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_dispatch_the_same_run_execute_it_once(said):
    pk = a_run_of(say, "a").pk

    def dispatched() -> bool:
        try:
            return TaskRun.objects.get(pk=pk).dispatch().is_done
        except (IllegalTransition, StaleState):
            return False

    assert sorted(at_once(dispatched, dispatched)) == [False, True]
    assert said == ["a"]


def test_a_function_that_is_not_known_here_is_left_to_those_who_know_it():
    run = a_run("QUEUED")
    with pytest.raises(FunctionNotRegistered):
        run.dispatch()
    run.refresh_from_db()
    assert (run.state, run.attempt) == ("QUEUED", 0)


def test_the_workers_are_asked_to_execute_a_run_now():
    run = a_run_of(say, "a", run_after=timezone.now() + timedelta(days=1))
    assert run.bg(reason="at once") is run
    assert run.is_queued
    assert Transition.objects.get(run=run).reason == "at once"


@pytest.mark.parametrize("state", [RunState.PREPARE, RunState.RUNNING, RunState.DONE, RunState.CANCELLED])
def test_workers_cannot_be_asked_for_what_does_not_wait(state):
    with pytest.raises(IllegalTransition):
        in_state(state).bg()


def test_a_queued_run_is_left_as_it_is_by_bg():
    run = a_run_of(say, "a").bg()
    assert events_of(run) == []


def test_exactly_one_run_is_claimed():
    others, run = [a_run_of(say, "a", priority=100)], a_run_of(say, "b")
    worker = a_worker()
    taken = claim_run(worker.pk, run.pk, "default")
    assert taken is not None
    assert (taken.id, taken.args, taken.fence, taken.attempt) == (run.pk, ["b"], 1, 1)
    assert [TaskRun.objects.get(pk=each.pk).state for each in others] == ["QUEUED"]


@pytest.mark.fault("F39")
def test_a_claim_whose_commit_was_not_heard_of_is_found_again():
    run, worker = a_run_of(say, "a"), a_worker()
    first = claim_run(worker.pk, run.pk, "default")
    assert claim_run(worker.pk, run.pk, "default") == first
    assert claim_run(a_worker("another").pk, run.pk, "default") is None


@pytest.mark.fault("F46")
@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_a_function_leaves_open_is_rolled_back(said, caplog):
    from tests.jobs.tasks import leave_transaction_open

    run = a_run_of(leave_transaction_open, "left")
    with Performer("default") as performer:
        assert performer.perform(run.pk, run.task_id)
    assert "left a transaction open" in caplog.text
    run.refresh_from_db()
    assert run.is_done

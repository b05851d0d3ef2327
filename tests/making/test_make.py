from __future__ import annotations

import itertools
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm import registry
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import CycleFound, FunctionNotRegistered, WaitTimeout
from django_tasks_fsm.making import make, make_now, maker
from django_tasks_fsm.making import plan as plan_room
from django_tasks_fsm.making.plan import Plan
from django_tasks_fsm.making.rules import Need
from django_tasks_fsm.models import RunPrerequisite, TaskRun, Transition, Worker
from tests.making.runs import a_run_of, chain, in_state
from tests.making.sample import asay, fail, interrupted, look_for, make_itself, meet, say, second_time_lucky
from tests.store.rows import a_run, state_of, states_of
from tests.store.threads import in_thread

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("transaction", [False, pytest.param(True, marks=pytest.mark.django_db(transaction=True))])
def test_a_chain_is_made_in_its_order(said, transaction):
    runs = chain(4)
    assert make_now(runs[-1]) == [runs[-1]]
    assert said == ["0", "1", "2", "3"]
    assert states_of(runs) == ["DONE"] * 4


def test_each_run_is_yielded_once_as_it_ends(said):
    first, second = chain(2)
    made = make(second, first, second)
    assert next(made) == first
    assert said == ["0"]
    assert list(made) == [second]


def test_what_nobody_asked_for_is_not_executed(said):
    runs = chain(3)
    make_now(runs[0])
    assert said == ["0"]
    assert state_of(runs[1]) == "QUEUED"


def test_a_failure_ends_all_that_waits_for_it(said):
    first = a_run_of(fail, "a")
    second = a_run_of(say, "b", after=[first])
    third = a_run_of(say, "c", after=[second])
    assert [run.state for run in make(third)] == ["FAILED"]
    assert states_of([first, second, third]) == ["FAILED"] * 3
    assert third.error == "django_tasks_fsm.exceptions.PrerequisiteBroken: failed prerequisites"
    assert said == ["a"]


def test_a_handler_is_made_when_its_prerequisite_has_failed(said):
    broken = a_run_of(fail, "a")
    handler, other = (a_run_of(say, "b", after=[(run, "failed")]) for run in (broken, a_run_of(say, "c")))
    assert [run.state for run in make(handler, other)] == ["DONE", "SKIPPED"]


def test_with_fail_fast_nothing_follows_the_first_failure(said):
    runs = [a_run_of(say, "a"), a_run_of(fail, "b"), a_run_of(say, "c")]
    assert [run.state for run in make(*runs, fail_fast=True)] == ["DONE", "FAILED"]
    assert said == ["a", "b"]
    assert state_of(runs[2]) == "QUEUED"


def test_an_attempt_that_is_to_be_repeated_is_repeated(said):
    run = a_run_of(second_time_lucky)
    assert run.make()
    assert (run.result, said) == (2, [1, 2])


def test_a_coroutine_is_made_too(said):
    assert a_run_of(asay, "a").make()
    assert said == ["a"]


@pytest.mark.django_db(transaction=True)
def test_runs_that_do_not_wait_for_each_other_are_made_at_once_in_a_pool():
    runs = [a_run_of(meet, "a"), a_run_of(meet, "b")]
    total = a_run_of(say, "c", after=runs)
    with ThreadPoolExecutor(2) as pool:
        assert [run.state for run in make(total, queue=pool.submit)] == ["DONE"]
    assert [TaskRun.objects.get(pk=run.pk).result for run in runs] == ["a", "b"]


def test_what_fails_in_the_pool_is_raised_where_it_is_waited_for(monkeypatch):
    run = a_run_of(say, "a")
    monkeypatch.delitem(registry._functions, say.module_path)

    def submit(work):
        with pytest.raises(FunctionNotRegistered):
            work()

    with pytest.raises(FunctionNotRegistered):
        make_now(run, queue=submit)


def test_a_result_that_cancels_can_be_retried():
    run = a_run_of(look_for, "nothing")
    make_now(run)
    assert (run.state, run.result) == ("CANCELLED", None)
    assert Transition.objects.get(run=run).reason == "its result cancels it"
    assert run.retry()
    assert run.is_queued


def test_a_run_does_not_wait_for_itself():
    run = a_run_of(make_itself).dispatch()
    assert run.is_failed
    assert "A run cannot make itself" in run.error


def test_ctrl_c_ends_the_run_and_all_that_was_to_follow(said):
    first = a_run_of(interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_now(first, a_run_of(say, "a"))
    assert state_of(first) == "FAILED"
    assert said == []


@pytest.mark.django_db(transaction=True)
def test_the_worker_that_makes_lives_as_long_as_it_makes(said):
    made = make(a_run_of(say, "a"), a_run_of(say, "b"))
    next(made)
    assert Worker.objects.get().is_alive
    made.close()
    assert Worker.objects.get().stopped_at is not None
    assert said == ["a"]


def test_without_anything_to_execute_no_worker_comes():
    make_now(in_state(RunState.DONE))
    assert not Worker.objects.exists()


@pytest.mark.fault("F63")
def test_a_cycle_is_found_instead_of_waited_for():
    first, second = in_state(RunState.PENDING), in_state(RunState.PENDING)
    edges = [RunPrerequisite(run=a, prerequisite=b) for a, b in ((first, second), (second, first))]
    RunPrerequisite.objects.bulk_create(edges)
    TaskRun.objects.update(waiting_on=1)
    with pytest.raises(CycleFound):
        make_now(first)


def test_in_a_transaction_a_run_that_others_execute_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(maker, "PATIENCE_IN_TRANSACTION", 0.01)
    with pytest.raises(WaitTimeout, match="still RUNNING"):
        make_now(in_state(RunState.RUNNING))


def test_a_prerequisite_that_is_added_meanwhile_is_made_first(said):
    first, second = a_run_of(say, "a"), a_run_of(say, "b")
    made = make(first, second)
    assert next(made) == first
    late = a_run_of(say, "c")
    RunPrerequisite.objects.create(run=second, prerequisite=late)
    TaskRun.objects.filter(pk=second.pk).update(waiting_on=1)
    assert list(made) == [second]
    assert said == ["a", "c", "b"]


@pytest.mark.django_db(transaction=True)
def test_two_that_make_the_same_execute_each_run_once(said):
    runs = chain(6)
    futures = [in_thread(lambda: make_now(TaskRun.objects.get(pk=runs[-1].pk))) for _ in range(2)]
    assert [[run.state for run in future.result(30)] for future in futures] == [["DONE"]] * 2
    assert said == [str(number) for number in range(6)]
    connections.close_all()


def test_a_graph_is_read_in_few_queries_however_long_it_is():
    runs = chain(60, graph=uuid.uuid4())
    plan = Plan("default")
    with CaptureQueriesContext(connection) as captured:
        plan.add([runs[-1].pk])
    assert set(plan.nodes) == {run.pk for run in runs}
    assert len(captured) < 15


def test_a_long_chain_without_a_graph_is_read_ahead(monkeypatch):
    monkeypatch.setattr(plan_room, "LONG", 5)
    monkeypatch.setattr(plan_room, "AHEAD", 20)
    runs = chain(60)
    plan = Plan("default")
    with CaptureQueriesContext(connection) as captured:
        plan.add([runs[-1].pk])
    assert set(plan.nodes) == {run.pk for run in runs}
    assert sum(len(needs) for needs in plan.needs.values()) == 59
    assert len(captured) < 60


@pytest.mark.fault("F65")
def test_a_chain_of_ten_thousand_is_sorted_without_recursion():
    ids = [uuid.uuid4() for _ in range(10_000)]
    assert len(ids) > sys.getrecursionlimit()
    plan = Plan("default")
    for before, after in itertools.pairwise(ids):
        plan.needs[after] = {before: Need(after, before, Condition.DONE, OnFailure.BLOCK)}
    plan.sort([ids[-1]])
    assert sorted(ids, key=plan.position.__getitem__) == ids


def test_a_run_that_is_not_there_is_named():
    run = a_run("QUEUED")
    pk = run.pk
    run.delete()
    run.pk = pk
    with pytest.raises(TaskRun.DoesNotExist, match=str(pk)):
        make_now(run)

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import satisfied_by
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.settling import queue_ready, settle, unsettle
from django_tasks_fsm.models.transitions import Change
from tests.store.rows import DB, a_run, claimed, done, enqueued, failed, finished, state_of, states_of, waits_for

pytestmark = pytest.mark.django_db


def waiting_on(run: TaskRun) -> int:
    return TaskRun.objects.values_list("waiting_on", flat=True).get(pk=run.pk)


@pytest.mark.parametrize("condition", ["done", "finished", "failed"])
@pytest.mark.parametrize("state", sorted(FINAL))
def test_the_end_of_a_run_frees_those_whose_condition_it_meets(state, condition):
    before, after = a_run(state), a_run("PENDING", waiting_on=1)
    waits_for(after, before, condition=condition)
    settle({before.pk: RunState(state)}, DB)
    free = condition in satisfied_by(RunState(state))
    assert (state_of(after), waiting_on(after)) == (("QUEUED", 0) if free else ("PENDING", 1))
    assert RunPrerequisite.objects.get(run=after).met == free


def test_settling_twice_counts_an_edge_once():
    before, other, after = a_run("DONE"), a_run(), a_run("PENDING", waiting_on=2)
    waits_for(after, before, other)
    for _ in range(3):
        settle({before.pk: RunState.DONE}, DB)
    assert (state_of(after), waiting_on(after)) == ("PENDING", 1)


def test_several_ends_at_once_are_counted_each():
    some = [a_run("DONE") for _ in range(3)]
    after = a_run("PENDING", waiting_on=3)
    waits_for(after, *some)
    settle({run.pk: RunState.DONE for run in some}, DB)
    assert (state_of(after), waiting_on(after)) == ("QUEUED", 0)


def test_a_dependent_whose_time_has_not_come_stays_pending():
    before = a_run("DONE")
    after = a_run("PENDING", waiting_on=1, run_at=timezone.now() + timedelta(days=1))
    waits_for(after, before)
    settle({before.pk: RunState.DONE}, DB)
    assert (state_of(after), waiting_on(after)) == ("PENDING", 0)


@pytest.mark.parametrize("state", ["PREPARE", "CANCELLED", "ABORTED"])
def test_a_dependent_that_is_not_waiting_is_counted_but_not_queued(state):
    before, after = a_run("DONE"), a_run(state, waiting_on=1)
    waits_for(after, before)
    settle({before.pk: RunState.DONE}, DB)
    assert (state_of(after), waiting_on(after)) == (state, 0)


@pytest.mark.fault("F66")
def test_a_failed_prerequisite_leaves_its_dependents_pending_until_it_is_repaired():
    before = enqueued()
    after = enqueued(before)
    failed(before)
    assert state_of(after) == "PENDING"
    before.retry()
    assert state_of(after) == "PENDING"
    done(before)
    assert state_of(after) == "QUEUED"


@pytest.mark.fault("F66")
def test_a_prerequisite_that_runs_again_holds_what_has_not_started():
    before = enqueued()
    queued, running, ended = (
        enqueued(before, condition="finished"),
        *(enqueued(before, condition="finished") for _ in "ab"),
    )
    failed(before)
    done_order = sorted([queued, running, ended], key=lambda run: run.pk)
    assert states_of(done_order) == ["QUEUED"] * 3
    TaskRun._base_manager.filter(pk=running.pk).update(
        state="RUNNING", worker_id=uuid.uuid4(), started_at=timezone.now()
    )
    TaskRun._base_manager.filter(pk=ended.pk).update(state="DONE", finished_at=timezone.now())
    before.retry()
    assert states_of([queued, running, ended]) == ["PENDING", "RUNNING", "DONE"]
    assert [waiting_on(run) for run in (queued, running, ended)] == [1, 1, 0]
    done(before)
    assert (state_of(queued), waiting_on(queued)) == ("QUEUED", 0)


@pytest.mark.parametrize("how", ["retry", "release", "lose"])
def test_a_run_that_comes_back_waits_for_a_prerequisite_that_began_anew_while_it_ran(how):
    before = enqueued()
    after = enqueued(before)
    done(before)
    held = claimed(after)
    before.rerun(downstream=False)
    assert state_of(after) == "RUNNING"
    give_back = Change(how, Actor.system(), fences={after.pk: held.fence})
    assert move_runs([after.pk], give_back, DB)
    assert (state_of(after), waiting_on(after)) == ("PENDING", 1)
    done(before)
    assert (state_of(after), waiting_on(after)) == ("QUEUED", 0)


@pytest.mark.parametrize(("policy", "state"), [("skip", "SKIPPED"), ("cancel", "CANCELLED"), ("fail", "FAILED")])
def test_a_run_that_comes_back_ends_with_a_prerequisite_that_failed_anew_while_it_ran(policy, state):
    before = enqueued()
    after = enqueued(before)
    RunPrerequisite.objects.filter(run=after).update(on_failure=policy)
    done(before)
    held = claimed(after)
    before.rerun(downstream=False)
    failed(before)
    assert (state_of(after), waiting_on(after)) == ("RUNNING", 1)
    assert finished(Outcome.released(held, "the worker stops")) == {after.pk}
    assert state_of(after) == state


def test_unsettling_twice_counts_an_edge_once():
    before, after = a_run("FAILED"), a_run("QUEUED")
    waits_for(after, before, met=True)
    for _ in range(2):
        unsettle([before.pk], DB)
    assert (state_of(after), waiting_on(after)) == ("PENDING", 1)


@pytest.mark.fault("F66")
def test_a_cancelled_prerequisite_blocks_and_an_aborted_one_meets_finished():
    before, strict, easy = a_run("RUNNING"), a_run("PENDING", waiting_on=1), a_run("PENDING", waiting_on=1)
    waits_for(strict, before)
    waits_for(easy, before, condition="finished")
    before.abort()
    assert states_of([strict, easy]) == ["PENDING", "QUEUED"]


def test_only_what_is_due_and_free_is_queued():
    later = timezone.now() + timedelta(days=1)
    free, early, held, gone = (
        a_run("PENDING"),
        a_run("PENDING", run_at=later),
        a_run("PENDING", waiting_on=1),
        a_run("DONE"),
    )
    with transaction.atomic():
        assert queue_ready([free.pk, early.pk, held.pk, gone.pk, free.pk], DB) == 1
    assert states_of([free, early, held, gone]) == ["QUEUED", "PENDING", "PENDING", "DONE"]


def test_a_wrong_count_of_a_dependent_does_not_keep_its_prerequisite_from_ending():
    before = enqueued()
    after = enqueued(before)
    TaskRun._base_manager.filter(pk=after.pk).update(waiting_on=0)
    done(before)
    assert states_of([before, after]) == ["DONE", "QUEUED"]
    assert waiting_on(after) == 0


@pytest.mark.django_db(transaction=True)
def test_workers_here_are_told_of_freed_runs_after_the_commit():
    heard: list[frozenset[str]] = []

    def hear(queues, **kwargs):
        heard.append(queues)

    before, after = a_run("DONE"), a_run("PENDING", waiting_on=1, queue="mail")
    waits_for(after, before)
    signals.work_ready.connect(hear)
    try:
        with transaction.atomic():
            settle({before.pk: RunState.DONE}, DB)
            assert heard == []
    finally:
        signals.work_ready.disconnect(hear)
    assert heard == [frozenset({"mail"})]


def test_an_end_that_nobody_waits_for_costs_one_question():
    run = a_run("DONE")
    with CaptureQueriesContext(connection) as asked:
        settle({run.pk: RunState.DONE}, DB)
    assert len(asked) == 1


def statements(work) -> int:
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        work()
    return len(asked)


def dependents(before: TaskRun, number: int) -> list[TaskRun]:
    """Make runs that wait for ``before``."""
    some = [TaskRun(task=before.task, state="PENDING", waiting_on=1) for _ in range(number)]
    TaskRun.objects.bulk_create(some)
    edges = [RunPrerequisite(run=run, prerequisite=before, condition="finished") for run in some]
    RunPrerequisite.objects.bulk_create(edges)
    return some


@pytest.mark.fault("F65")
def test_the_number_of_statements_does_not_grow_with_the_number_of_dependents():
    few, many = a_run("DONE"), a_run("DONE")
    ready = [*dependents(few, 2), *dependents(many, 400)]
    freed = [statements(lambda run=run: settle({run.pk: RunState.DONE}, DB)) for run in (few, many)]
    assert set(states_of(ready)) == {"QUEUED"}
    held = [statements(lambda run=run: unsettle([run.pk], DB)) for run in (few, many)]
    assert set(states_of(ready)) == {"PENDING"}
    assert (freed[0], held[0]) == (freed[1], held[1])


@pytest.mark.parametrize("chunk", [1, 2, 3, 5])
def test_dependents_that_come_in_several_chunks_are_all_counted(chunk, monkeypatch):
    monkeypatch.setattr("django_tasks_fsm.models.settling.CHUNK", chunk)
    one, two, open_one = a_run("DONE"), a_run("DONE"), a_run()
    afters = [a_run("PENDING", waiting_on=number) for number in (2, 1, 2, 3)]
    for after, befores in zip(afters, [(one, two), (one,), (two, one), (one, two, open_one)], strict=True):
        waits_for(after, *befores)
    settle({one.pk: RunState.DONE, two.pk: RunState.DONE}, DB)
    assert [waiting_on(run) for run in afters] == [0, 0, 0, 1]
    assert states_of(afters) == ["QUEUED", "QUEUED", "QUEUED", "PENDING"]
    unsettle([two.pk, one.pk], DB)
    assert [waiting_on(run) for run in afters] == [2, 1, 2, 3]
    assert set(states_of(afters)) == {"PENDING"}

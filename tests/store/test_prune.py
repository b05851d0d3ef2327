from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.ids import first_run_id_at
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunDetail, RunLog, RunPrerequisite, TaskRun, Transition
from django_tasks_fsm.store import prune as room
from django_tasks_fsm.store.prune import prune
from tests.store.faults import failing, transient
from tests.store.rows import DB, a_run, a_task, enqueued, events_of, waits_for
from tests.store.threads import meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

WEEK = timedelta(days=7)
KEEP = {RunState.DONE: WEEK}


def old(state: str = "DONE", days: float = 30, **values) -> TaskRun:
    """Make a run that was made and has ended so many days ago."""
    then = timezone.now() - timedelta(days=days)
    made = uuid.UUID(int=first_run_id_at(then.timestamp()).int | uuid.uuid4().int >> 64)
    return a_run(state, id=made, enqueued_at=then, finished_at=then if state in FINAL else None, **values)


def logged(run: TaskRun, count: int) -> None:
    """Let a run have logged so many lines."""
    values = {"run": run, "fence": 1, "attempt": 1, "at": timezone.now(), "level": 20, "size": 0}
    RunLog.objects.bulk_create(RunLog(number=number, **values) for number in range(1, count + 1))


def left() -> set[uuid.UUID]:
    return set(TaskRun.objects.values_list("pk", flat=True))


def test_what_ended_long_ago_is_deleted_and_the_rest_is_kept():
    gone, recent, failed = old(), old(days=6), old("FAILED")
    assert prune(KEEP, DB) == 1
    assert left() == {recent.pk, failed.pk}
    assert gone.pk not in left()


def test_a_run_that_waited_long_but_ended_lately_is_kept():
    run = old()
    TaskRun._base_manager.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(days=1))
    assert prune(KEEP, DB) == 0


def test_a_run_that_is_run_again_does_not_wait_for_what_was_deleted():
    # Its prerequisite began anew while it was RUNNING, and then failed.
    before, after = old("FAILED"), a_run("DONE", waiting_on=1)
    waits_for(after, before)
    assert prune({RunState.FAILED: WEEK}, DB) == 1
    after.fsm_event("rerun")
    assert (after.state, after.waiting_on) == ("QUEUED", 0)


def test_each_state_has_its_own_age():
    done, failed, cancelled = old("DONE", 10), old("FAILED", 10), old("CANCELLED", 10)
    assert prune({RunState.DONE: WEEK, RunState.FAILED: timedelta(days=90)}, DB) == 1
    assert left() == {failed.pk, cancelled.pk}
    assert done.pk not in left()


@pytest.mark.parametrize("state", [state for state in RunState if state not in FINAL])
def test_an_unfinished_run_is_never_deleted(state):
    run = old(state.value)
    assert prune(dict.fromkeys(RunState, timedelta(0)), DB) == 0
    assert left() == {run.pk}


def test_everything_that_belongs_to_a_run_goes_with_it():
    before, run, other = old("FAILED"), old(), old("ABORTED")
    waits_for(run, before, met=True)
    waits_for(other, run, met=True)
    RunDetail.objects.create(run=run)
    RunDetail.objects.create(run=other)
    logged(run, 3)
    logged(other, 2)
    for one in (run, other):
        Transition.objects.create(run=one, event="e", from_state="a", to_state="b", at=timezone.now(), actor="x")
    assert prune(KEEP, DB) == 1
    assert left() == {before.pk, other.pk}
    assert not RunPrerequisite.objects.exists()
    assert list(RunDetail.objects.values_list("pk", flat=True)) == [other.pk]
    assert list(RunLog.objects.values_list("run", flat=True)) == [other.pk] * 2
    assert list(Transition.objects.values_list("run", flat=True)) == [other.pk]


@committing
def test_long_logs_go_in_transactions_of_their_own(monkeypatch):
    monkeypatch.setattr(room, "LINES", 4)
    for _ in range(3):
        logged(old(), 5)
    with CaptureQueriesContext(connection) as sent:
        assert prune(KEEP, DB) == 3
    deletes = [query["sql"] for query in sent if query["sql"].startswith("DELETE") and "runlog" in query["sql"]]
    assert len(deletes) == 5
    assert not RunLog.objects.exists()


@pytest.mark.parametrize("after", ["FAILED", "CANCELLED", "SKIPPED"])
def test_what_a_run_would_read_after_a_retry_is_kept(after):
    before, dependent = old(), old(after)
    waits_for(dependent, before, met=True)
    assert prune(KEEP, DB) == 0
    assert {before.pk, dependent.pk} <= left()


@pytest.mark.parametrize("waiting", ["PREPARE", "PENDING", "QUEUED", "RUNNING"])
def test_what_an_unfinished_run_waits_for_is_kept_until_it_has_ended(waiting):
    before, after = old(), a_run(waiting)
    waits_for(after, before, met=True)
    assert prune(KEEP, DB) == 0
    after.abort()
    assert prune(KEEP, DB) == 1
    assert before.pk not in left()


def test_a_batch_is_as_small_as_it_is_told_and_the_oldest_go_first():
    some = [old(days=days) for days in (30, 20, 40, 10)]
    assert prune(KEEP, DB, batch=2) == 2
    assert left() == {some[1].pk, some[3].pk}
    assert [prune(KEEP, DB, batch=2), prune(KEEP, DB, batch=2)] == [2, 0]


def test_nothing_is_kept_for_longer_than_it_is_told_because_of_what_is_kept_for_ever():
    for _ in range(5):
        old("FAILED", days=60)
    run = old()
    assert prune(KEEP, DB, batch=1) == 1
    assert run.pk not in left()


@pytest.mark.parametrize("age", [timedelta(days=10**6), timedelta.max])
def test_an_age_of_thousands_of_years_keeps_everything(age):
    old()
    assert prune({RunState.DONE: age}, DB) == 0


@committing
def test_a_run_that_is_revived_while_it_is_pruned_keeps_everything(other):
    before, run = old(), old("FAILED")
    waits_for(run, before, met=True)
    other.do(run.retry)
    assert meanwhile(other, lambda: prune({RunState.FAILED: WEEK}, DB)) == 0
    assert (events_of(run), RunPrerequisite.objects.count()) == (["retry"], 1)


@committing
def test_a_run_that_becomes_a_prerequisite_while_it_is_pruned_is_kept(other):
    before = old("FAILED")
    a_task()
    after = other.do(lambda: enqueued(before))
    assert meanwhile(other, lambda: prune({RunState.FAILED: WEEK}, DB)) == 0
    assert left() == {before.pk, after.pk}
    assert RunPrerequisite.objects.count() == 1


@pytest.mark.fault("F40")
@committing
def test_a_pruning_that_loses_a_race_is_repeated():
    old()
    errors: list[BaseException] = [transient()]
    with failing(errors, ("DELETE", "transition")):
        assert prune(KEEP, DB) == 1
    assert errors == []


def test_states_that_nobody_ends_in_are_passed_over(monkeypatch):
    monkeypatch.setattr(room, "_prune_state", lambda state, *rest: int(state == "DONE"))
    assert prune(dict.fromkeys(RunState, WEEK), DB) == 1

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.prerequisites import Awaited, Condition
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import CycleFound
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.store import definitions
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from tests.store.faults import rolled_back
from tests.store.rows import DB, a_run, a_task, claimed, done, enqueued, failed, finished, state_of
from tests.store.threads import at_once, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

DONE, FINISHED, FAILED = Condition.DONE, Condition.FINISHED, Condition.FAILED
LATER = timezone.now() + timedelta(days=1)


def request(*prerequisites: uuid.UUID, **values) -> Request:
    return Request(task_id=a_task().pk, prerequisites=tuple(Awaited(one) for one in prerequisites), **values)


def statements(work) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        work()
    return [query["sql"] for query in asked]


@committing
def test_outside_a_transaction_it_is_one_insert_and_nothing_else():
    wanted = request()
    enqueue(request(), DB)
    (sql,) = statements(lambda: enqueue(wanted, DB))
    assert "INSERT INTO" in sql


def test_inside_a_transaction_it_is_one_insert_and_nothing_else(monkeypatch):
    wanted = request(args=[1], kwargs={"a": 2}, run_at=LATER)
    # As after the first enqueue of a process: within a transaction, what it learns is not kept.
    monkeypatch.setitem(definitions._limited, DB, (frozenset(), time.monotonic()))
    (sql,) = statements(lambda: enqueue(wanted, DB))
    assert "INSERT INTO" in sql


def test_a_run_is_what_was_asked_for():
    graph = uuid.uuid4()
    wanted = request(args=("x", 1), kwargs={"a": None}, queue="mail", priority=-5, graph=graph, stands_for=3)
    run = enqueue(wanted, DB)
    stored = TaskRun.objects.get(pk=wanted.id)
    for one in (run, stored):
        assert (one.pk, one.task_id, one.args, one.kwargs) == (wanted.id, wanted.task_id, ["x", 1], {"a": None})
        assert (one.queue, one.priority, one.graph, one.stands_for) == ("mail", -5, graph, 3)
        assert (one.state, one.waiting_on, one.attempt, one.fence, one.run_at) == (
            "QUEUED",
            0,
            0,
            0,
            stored.enqueued_at,
        )


def test_the_instance_it_returns_is_one_that_was_saved():
    run = enqueue(request(), DB)
    assert (run._state.adding, run._state.db) == (False, DB)
    assert run.cancel()
    assert run.state == "CANCELLED"


def test_a_run_for_later_rests_in_pending():
    assert enqueue(request(run_at=LATER), DB).state == "PENDING"
    assert enqueue(request(run_at=timezone.now() - timedelta(days=1)), DB).state == "QUEUED"


def test_a_prepared_run_waits_for_its_word():
    run = enqueue(request(prepare=True), DB)
    assert run.state == "PREPARE"
    run.prepared()
    assert run.state == "QUEUED"


@committing
def test_a_rollback_leaves_nothing():
    wanted = request(key="k")
    with rolled_back():
        enqueue(request(), DB)
        enqueue(wanted, DB)
        enqueue_many([request(), request()], DB)
    assert not TaskRun.objects.exists()


@committing
def test_nobody_sees_a_run_before_the_commit(other):
    wanted = request()
    other.do(lambda: enqueue(wanted, DB))
    assert not TaskRun.objects.exists()
    other.commit()
    assert TaskRun.objects.get().pk == wanted.id


@pytest.mark.fault("F59")
@committing
def test_a_date_that_a_database_cannot_read_back_is_refused():
    poison = datetime(9999, 12, 31, 23, 59, tzinfo=timezone.get_fixed_timezone(-300))
    with pytest.raises(ValueError, match="cannot be stored: give a time between"):
        enqueue(request(run_at=poison), DB)
    run = enqueued()
    with pytest.raises(ValueError, match="cannot be stored: give a time between"):
        run.reschedule(poison)
    with pytest.raises(ValueError, match="cannot be stored: give a time between"):
        run.task.reschedule(poison)
    assert list(TaskRun.objects.all()) == [run]


# -- keys


def test_a_key_gives_the_run_that_waits():
    first = enqueue(request(key="k", args=[1]), DB)
    again = enqueue(request(key="k", args=[2]), DB)
    assert (again.pk, again.args) == (first.pk, [1])
    assert TaskRun.objects.count() == 1


@pytest.mark.parametrize("state", [state for state in RunState if state not in FINAL])
def test_a_key_is_borne_until_the_run_has_ended(state):
    run = a_run(state.value, key="k")
    assert enqueue(request(key="k"), DB).pk == run.pk


@pytest.mark.parametrize("end", [done, failed, TaskRun.cancel, TaskRun.abort])
def test_a_key_is_free_again_when_its_run_has_ended(end):
    first = enqueue(request(key="k"), DB)
    end(first)
    second = enqueue(request(key="k"), DB)
    assert second.pk != first.pk
    assert second.key == "k"


def test_runs_without_a_key_are_made_as_often_as_they_are_asked_for():
    assert len({enqueue(request(), DB).pk for _ in range(3)}) == 3


@committing
def test_eight_who_bear_one_key_to_the_database_at_once_get_one_run():
    wanted = [request(key="k") for _ in range(8)]
    got = at_once(*(partial(enqueue, one, DB) for one in wanted))
    assert len({run.pk for run in got}) == TaskRun.objects.count() == 1


@committing
def test_a_key_whose_bearer_is_rolled_back_goes_to_the_next(other):
    theirs, mine = request(key="k"), request(key="k")
    other.do(lambda: enqueue(theirs, DB))
    other.fail()
    assert enqueue(mine, DB).pk == mine.id


@committing
def test_a_key_that_somebody_is_about_to_commit_is_waited_for(other):
    theirs, mine = request(key="k"), request(key="k")
    other.do(lambda: enqueue(theirs, DB))
    assert meanwhile(other, lambda: enqueue(mine, DB)).pk == theirs.id


@pytest.mark.parametrize("wrong", [{"priority": 101}, {"stands_for": -1}])
def test_a_row_that_is_refused_for_another_reason_is_not_tried_for_ever(wrong):
    with pytest.raises(DatabaseError), transaction.atomic():
        enqueue(request(key="k", **wrong), DB)


def test_many_with_keys_are_one_run_for_each_key():
    known = enqueue(request(key="a"), DB)
    got = enqueue_many([request(key="a"), request(key="b"), request(key="b"), request()], DB)
    assert got[0].pk == known.pk
    assert got[1].pk == got[2].pk
    assert TaskRun.objects.count() == 3


def test_a_dependent_of_a_key_that_is_borne_already_waits_for_its_bearer():
    bearer = enqueue(request(key="k"), DB)
    before = request(key="k")
    _, after = enqueue_many([before, request(before.id)], DB)
    assert (after.state, after.waiting_on) == ("PENDING", 1)
    done(bearer)
    assert state_of(after) == "QUEUED"


def test_keys_do_not_open_a_way_around_the_cycle_check():
    one, two = new_run_id(), new_run_id()
    with pytest.raises(CycleFound):
        enqueue_many([request(two, id=one, key="k"), request(one, id=two)], DB)


def test_a_run_with_a_key_may_come_before_what_it_waits_for():
    before = request()
    after, _ = enqueue_many([request(before.id, key="k"), before], DB)
    assert (after.key, after.state, after.waiting_on) == ("k", "PENDING", 1)


# -- prerequisites


def test_a_run_waits_for_what_has_not_ended():
    before = enqueued()
    after = enqueued(before)
    assert (after.state, after.waiting_on) == ("PENDING", 1)
    done(before)
    after.refresh_from_db()
    assert (after.state, after.waiting_on) == ("QUEUED", 0)


@pytest.mark.parametrize(
    ("state", "condition", "free"),
    [
        ("DONE", DONE, True),
        ("DONE", FINISHED, True),
        ("DONE", FAILED, False),
        ("FAILED", DONE, False),
        ("FAILED", FINISHED, True),
        ("FAILED", FAILED, True),
        ("CANCELLED", DONE, False),
        ("CANCELLED", FINISHED, True),
        ("SKIPPED", FAILED, False),
        ("ABORTED", FINISHED, True),
    ],
)
def test_a_prerequisite_that_has_ended_is_judged_at_once(state, condition, free):
    run = enqueued(a_run(state), condition=condition.value)
    assert (run.state, run.waiting_on) == (("QUEUED", 0) if free else ("PENDING", 1))
    assert RunPrerequisite.objects.get(run=run).met == free


def test_a_run_that_waits_for_nothing_more_but_a_time_is_pending():
    run = enqueued(a_run("DONE"), run_at=LATER)
    assert (run.state, run.waiting_on) == ("PENDING", 0)


@pytest.mark.fault("F67")
@committing
def test_a_prerequisite_that_finishes_at_the_same_moment_is_not_missed(other):
    before = enqueued()
    other.do(lambda: done(before))
    after = meanwhile(other, lambda: enqueued(before))
    assert state_of(after) == "QUEUED"


@committing
def test_a_dependent_that_is_made_while_its_prerequisite_finishes_is_freed(other):
    before = enqueued()
    claim = claimed(before)
    after = other.do(lambda: enqueued(before))
    outcome = Outcome.done(claim, "1")
    # Where locked rows are skipped, the outcome is offered again after the commit.
    assert (meanwhile(other, lambda: finished(outcome)) or finished(outcome)) == {before.pk}
    assert state_of(after) == "QUEUED"


def test_a_prerequisite_that_does_not_exist_is_named():
    unknown = uuid.uuid4()
    with pytest.raises(LookupError, match=str(unknown)):
        enqueue(request(unknown), DB)
    with pytest.raises(LookupError, match=str(unknown)):
        enqueue_many([request(), request(unknown)], DB)
    assert not TaskRun.objects.exists()


def test_a_prerequisite_that_is_named_twice_counts_once():
    before = enqueued()
    run = enqueue(request(before.pk, before.pk), DB)
    assert run.waiting_on == 1
    done(before)
    assert state_of(run) == "QUEUED"


def test_a_run_that_would_wait_for_itself_is_refused():
    mine = new_run_id()
    with pytest.raises(CycleFound):
        enqueue(request(mine, id=mine), DB)
    with pytest.raises(CycleFound):
        enqueue_many([request(mine, id=mine)], DB)


@pytest.mark.fault("F65")
def test_a_thousand_prerequisites_cost_a_bounded_number_of_statements():
    task = a_task()
    some = TaskRun.objects.bulk_create(
        [TaskRun(task=task, state="RUNNING", worker_id=uuid.uuid4(), started_at=timezone.now()) for _ in range(1000)]
    )
    wanted = request(*(run.pk for run in some))
    made: list[TaskRun] = []
    asked = statements(lambda: made.append(enqueue(wanted, DB)))
    assert len(asked) < 20
    assert made[0].waiting_on == RunPrerequisite.objects.count() == 1000


# -- many


def test_many_are_made_in_the_order_given():
    wanted = [request(args=[number]) for number in range(5)]
    assert [run.args for run in enqueue_many(wanted, DB)] == [[0], [1], [2], [3], [4]]
    assert enqueue_many([], DB) == []


def test_a_thousand_runs_cost_a_bounded_number_of_statements():
    wanted = [request() for _ in range(1000)]
    assert len(statements(lambda: enqueue_many(wanted, DB))) < 50  # SQLite takes some 30 rows in one
    assert TaskRun.objects.filter(state="QUEUED").count() == 1000


def test_the_runs_of_a_batch_may_wait_for_each_other():
    top, left, right = (request() for _ in range(3))
    left, right = (request(top.id) for _ in range(2))
    bottom = request(left.id, right.id)
    made = enqueue_many([bottom, left, right, top], DB)
    assert [(run.state, run.waiting_on) for run in made] == [
        ("PENDING", 2),
        ("PENDING", 1),
        ("PENDING", 1),
        ("QUEUED", 0),
    ]
    by_id = {run.pk: run for run in made}
    done(by_id[top.id])
    assert (state_of(by_id[left.id]), state_of(by_id[bottom.id])) == ("QUEUED", "PENDING")


def test_a_cycle_in_a_batch_is_refused_and_named():
    one, two, three = (new_run_id() for _ in range(3))
    wanted = [request(three, id=one), request(one, id=two), request(two, id=three), request()]
    with pytest.raises(CycleFound) as caught:
        enqueue_many(wanted, DB)
    assert set(caught.value.members) == {one, two, three}
    assert not TaskRun.objects.exists()


def test_of_a_long_cycle_the_words_name_a_few_members():
    error = CycleFound(range(10_000))
    assert "0 -> 1 -> 2 -> 3 -> 4 -> (9991 more) -> 9996 -> 9997 -> 9998 -> 9999 -> 0." in str(error)
    assert len(error.members) == 10_000


def test_a_batch_of_which_one_is_refused_makes_nothing():
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue_many([request(), request(priority=500)], DB)
    assert not TaskRun.objects.exists()


# -- waking


@committing
def test_workers_here_are_told_after_the_commit_and_once_for_each_queue():
    heard: list[frozenset[str]] = []

    def hear(queues, **kwargs):
        heard.append(queues)

    signals.work_ready.connect(hear)
    try:
        enqueue(request(queue="a"), DB)
        with transaction.atomic():
            enqueue_many([request(queue="b"), request(queue="c"), request(queue="c"), request(run_at=LATER)], DB)
            assert len(heard) == 1
        enqueue(request(queue="d", run_at=LATER), DB)
    finally:
        signals.work_ready.disconnect(hear)
    assert heard == [frozenset("a"), frozenset("bc")]


def test_finishing_needs_the_fence_of_the_row_that_was_made():
    run = enqueued()
    assert TaskRun.objects.get(pk=run.pk).fence == 0
    assert finished() == set()


def test_times_are_stored_as_they_were_given():
    at = datetime(2040, 2, 29, 12, 34, 56, 789012, tzinfo=UTC)
    assert TaskRun.objects.get(pk=enqueue(request(run_at=at), DB).pk).run_at == at

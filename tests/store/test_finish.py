from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Failure, Outcome
from django_tasks_fsm.core.payload import clean_result
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.store.cycle import turn
from django_tasks_fsm.store.finish import finish
from tests.store.faults import failing, rolled_back, transient
from tests.store.rows import (
    DB,
    FAILURE,
    a_run,
    claimed,
    claims,
    done,
    enqueued,
    events_of,
    finished,
    runs,
    state_of,
    states_of,
)
from tests.store.threads import at_once, meanwhile

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def row(run: TaskRun) -> Any:
    return TaskRun.objects.get(pk=run.pk)


def the_record(run: TaskRun) -> Any:
    return Transition.objects.get(run=run)


def test_a_result_is_stored_with_the_end():
    run = a_run(key="k", error="an earlier failure")
    assert finished(Outcome.done(claimed(run), '{"a":[1,"é"]}')) == {run.pk}
    now = row(run)
    assert (now.state, now.result, now.key, now.error, now.attempt) == ("DONE", {"a": [1, "é"]}, None, "", 1)
    assert now.started_at <= now.finished_at
    assert events_of(run) == []


@pytest.mark.parametrize("value", [None, 0, "", [], {}, False, "\u2400'\"\\", 10**30, 1.5, [[[]]], "x" * 100_000])
def test_every_kind_of_result_reads_back(value):
    run = a_run()
    done(run, clean_result(value))
    assert row(run).result == value


def test_a_failure_is_stored_with_its_reason_and_its_traceback():
    run = a_run(key="k")
    failure = Failure("app.Boom", "it broke\x00", "Traceback\ud800", "no further attempt")
    finished(Outcome.failed(claimed(run), failure))
    now, record = row(run), the_record(run)
    assert (now.state, now.error, now.key, now.result) == ("FAILED", "app.Boom: it broke\u2400", None, None)
    assert (record.event, record.reason, record.attempt) == ("error", "no further attempt", 1)
    assert record.detail == {"exception": "app.Boom", "message": "it broke\u2400", "traceback": "Traceback\\ud800"}


def test_a_failure_of_any_size_can_be_stored():
    run = a_run()
    huge = Failure("x" * 1000, "m" * 10**6, "\x00" * 10**6, "r" * 10**4)
    assert finished(Outcome.failed(claimed(run), huge)) == {run.pk}
    now, record = row(run), the_record(run)
    assert 250 < len(now.error) <= 300
    assert 450 < len(record.reason) <= 500
    assert len(record.detail["traceback"]) < 70_000


def test_a_retry_waits_for_its_delay_and_keeps_the_count():
    run = a_run(key="k")
    finished(Outcome.retry(claimed(run), FAILURE, HOUR, "attempt 1 of 3 failed"))
    now = row(run)
    assert (now.state, now.attempt, now.fence, now.key, now.finished_at) == ("PENDING", 1, 1, "k", None)
    assert now.run_at - timezone.now() > timedelta(minutes=59)
    assert events_of(run) == ["retry"]


def test_a_retry_without_a_delay_is_claimable_at_once():
    run = a_run()
    finished(Outcome.retry(claimed(run), FAILURE, timedelta(0)))
    assert state_of(run) == "QUEUED"
    assert claimed(run).attempt == 2


def test_a_rescheduled_attempt_is_not_charged():
    run = a_run()
    finished(Outcome.rescheduled(claimed(run), HOUR, "asked"))
    now = row(run)
    assert (now.state, now.attempt, now.fence) == ("PENDING", 0, 1)
    assert now.run_at - timezone.now() > timedelta(minutes=59)


def test_a_released_run_is_queued_again_and_not_charged():
    run = a_run()
    before = row(run).run_at
    finished(Outcome.released(claimed(run), "the worker stops"))
    now = row(run)
    assert (now.state, now.attempt, now.fence, now.run_at) == ("QUEUED", 0, 1, before)
    assert claimed(run).fence == 2


def test_a_cancelled_run_says_why():
    run = a_run()
    finished(Outcome.cancelled(claimed(run), "asked by ada"))
    assert (state_of(run), Transition.objects.get(run=run).reason) == ("CANCELLED", "asked by ada")


@pytest.mark.parametrize("again", ["retry", "rescheduled", "released"])
def test_a_run_that_was_asked_to_stop_does_not_begin_again(again):
    run = a_run()
    claim = claimed(run)
    run.cancel()
    outcome = {
        "retry": Outcome.retry(claim, FAILURE, HOUR),
        "rescheduled": Outcome.rescheduled(claim, HOUR),
        "released": Outcome.released(claim, "stop"),
    }[again]
    assert finished(outcome) == {run.pk}
    now = row(run)
    assert (now.state, now.finished_at is not None) == ("CANCELLED", True)


def test_a_run_that_was_asked_to_stop_may_still_be_done():
    run = a_run()
    claim = claimed(run)
    run.cancel()
    finished(Outcome.done(claim, "1"))
    assert state_of(run) == "DONE"


def test_a_batch_of_mixed_endings_is_written_in_one_go():
    some = runs(6)
    a, b, c, d, e, f = claims(6)
    outcomes = [
        Outcome.done(a, "1"),
        Outcome.failed(b, FAILURE),
        Outcome.retry(c, FAILURE, HOUR),
        Outcome.cancelled(d, "x"),
        Outcome.released(e, "x"),
        Outcome.rescheduled(f, HOUR),
    ]
    assert finished(*outcomes) == {run.pk for run in some}
    assert states_of(some) == ["DONE", "FAILED", "PENDING", "CANCELLED", "QUEUED", "PENDING"]


def test_a_hundred_done_runs_that_nobody_waits_for_cost_few_statements():
    runs(100)
    outcomes = [Outcome.done(claim, "1") for claim in claims(100)]
    with CaptureQueriesContext(connection) as asked:
        assert len(finish(outcomes, uuid.uuid4(), DB)) == 100
    each = 101 if connection.vendor == "mysql" else 1
    assert len(asked) <= each + 1


# -- the fence


def endings(claim) -> dict[str, Outcome]:
    return {
        "done": Outcome.done(claim, '"late"'),
        "failed": Outcome.failed(claim, FAILURE),
        "retry": Outcome.retry(claim, FAILURE, HOUR),
        "cancelled": Outcome.cancelled(claim, "late"),
        "rescheduled": Outcome.rescheduled(claim, HOUR),
        "released": Outcome.released(claim, "late"),
    }


def nothing_changes(run: TaskRun, outcome: Outcome) -> None:
    before, events = TaskRun.objects.filter(pk=run.pk).values().get(), events_of(run)
    assert finished(outcome) == set()
    assert TaskRun.objects.filter(pk=run.pk).values().get() == before
    assert events_of(run) == events


@pytest.mark.parametrize("ending", endings(None))
def test_a_stale_worker_changes_nothing_while_another_one_holds_the_run(ending):
    run = a_run()
    stale = claimed(run)
    finished(Outcome.released(stale, "lost"))
    claimed(run)
    nothing_changes(run, endings(stale)[ending])


@pytest.mark.parametrize("ending", endings(None))
def test_a_stale_worker_changes_nothing_after_the_run_was_released(ending):
    run = a_run()
    stale = claimed(run)
    finished(Outcome.released(stale, "lost"))
    nothing_changes(run, endings(stale)[ending])


@pytest.mark.parametrize("ending", endings(None))
@pytest.mark.parametrize("end", ["done", "failed", "cancelled", "retry"])
def test_a_stale_worker_changes_nothing_after_the_end_of_its_attempt(end, ending):
    run = a_run()
    stale = claimed(run)
    assert finished(endings(stale)[end]) == {run.pk}
    nothing_changes(run, endings(stale)[ending])


@pytest.mark.parametrize("ending", endings(None))
def test_a_worker_of_a_former_life_changes_nothing_although_the_attempt_is_the_same(ending):
    run = a_run()
    stale = claimed(run)
    finished(Outcome.failed(replace(stale), FAILURE))
    run.retry()
    fresh = claimed(run)
    assert (fresh.attempt, stale.attempt) == (1, 1)
    nothing_changes(run, endings(stale)[ending])
    assert finished(Outcome.done(fresh, "1")) == {run.pk}


@pytest.mark.parametrize("ending", endings(None))
def test_the_result_of_an_aborted_run_is_dropped(ending):
    run = a_run()
    stale = claimed(run)
    assert run.abort()
    nothing_changes(run, endings(stale)[ending])


@pytest.mark.fault("F35", "F75")
def test_the_outcome_of_a_run_that_was_deleted_is_dropped():
    run = a_run()
    claim = claimed(run)
    TaskRun.objects.all().delete()
    assert finished(*endings(claim).values()) == set()


def test_of_a_batch_only_the_lost_ones_are_left_out():
    runs(3)
    mine, lost, also_mine = claims(3)
    finished(Outcome.released(lost, "lost"))
    outcomes = [Outcome.done(mine, "1"), Outcome.done(lost, "2"), Outcome.failed(also_mine, FAILURE)]
    assert finished(*outcomes) == {mine.id, also_mine.id}


@committing
def test_of_two_who_finish_one_claim_at_once_one_writes(other):
    run = a_run()
    claim = claimed(run)
    assert other.do(lambda: finished(Outcome.done(claim, '"first"'))) == {run.pk}
    assert meanwhile(other, lambda: finished(Outcome.failed(claim, FAILURE))) == set()
    assert (row(run).state, row(run).result) == ("DONE", "first")


# -- dependents


def test_finishing_frees_the_dependents_in_the_same_transaction():
    before = enqueued()
    after = enqueued(before)
    claim = claimed(before)
    with rolled_back():
        finish([Outcome.done(claim, "1")], uuid.uuid4(), DB)
        assert states_of([before, after]) == ["DONE", "QUEUED"]
    assert states_of([before, after]) == ["RUNNING", "PENDING"]


def test_the_late_result_of_a_prerequisite_frees_nobody():
    before = enqueued()
    after = enqueued(before)
    stale = claimed(before)
    finished(Outcome.released(stale, "lost"))
    finished(Outcome.done(stale, "1"))
    assert state_of(after) == "PENDING"


@pytest.mark.fault("F67")
@committing
def test_two_prerequisites_that_finish_in_two_transactions_free_the_dependent_once(other):
    one, two = enqueued(), enqueued()
    after = enqueued(one, two)
    first, second = claims(2)
    other.do(lambda: finished(Outcome.done(first, "1")))
    meanwhile(other, lambda: finished(Outcome.done(second, "2")))
    now = row(after)
    assert (now.state, now.waiting_on) == ("QUEUED", 0)


@pytest.mark.fault("F67")
@committing
def test_no_wake_up_is_lost_when_many_prerequisites_finish_at_once():
    some = [enqueued() for _ in range(8)]
    after = [enqueued(*some), enqueued(*reversed(some[:4])), enqueued(*some[4:])]
    held = claims(8)
    at_once(*(partial(turn, uuid.uuid4(), [Outcome.done(claim, "1")], (), 0, DB) for claim in held))
    assert [(row(run).state, row(run).waiting_on) for run in after] == [("QUEUED", 0)] * 3


@pytest.mark.fault("F40")
@committing
def test_batches_that_finish_the_same_dependents_crosswise_all_end():
    befores = [enqueued() for _ in range(8)]
    afters = [enqueued(befores[number], befores[7 - number], condition="finished") for number in range(4)]
    held = {claim.id: claim for claim in claims(8)}
    left = [Outcome.failed(held[run.pk], FAILURE) for run in befores[:4]]
    right = [Outcome.cancelled(held[run.pk], "x") for run in befores[4:]]
    at_once(*(partial(turn, uuid.uuid4(), some, (), 0, DB) for some in (left, right)))
    assert [(row(run).state, row(run).waiting_on) for run in afters] == [("QUEUED", 0)] * 4


# -- a turn


def test_a_turn_finishes_and_claims():
    first, second = runs(2)
    worker = uuid.uuid4()
    (claim,) = turn(worker, [], ("default",), 1, DB).claims
    assert claim.id == first.pk
    done_turn = turn(worker, [Outcome.done(claim, "1")], ("default",), 5, DB)
    assert (set(done_turn.written), [one.id for one in done_turn.claims]) == ({first.pk}, [second.pk])


@pytest.mark.fault("F40")
@committing
def test_a_turn_that_loses_a_race_is_repeated_whole():
    first, second = runs(2)
    (claim,) = claims(1)
    errors: list[BaseException] = [transient()]
    with failing(errors, ("SELECT", "prerequisite")):
        got = turn(uuid.uuid4(), [Outcome.done(claim, "1")], ("default",), 5, DB)
    assert errors == []
    assert (set(got.written), [one.id for one in got.claims]) == ({first.pk}, [second.pk])


def test_the_end_of_an_attempt_keeps_when_it_began():
    run = enqueued()
    claim = claimed(run)
    finished(Outcome.retry(claim, FAILURE, timedelta(seconds=60)))
    event = Transition.objects.get(run=run)
    assert (event.event, event.started_at) == ("retry", claim.started_at)

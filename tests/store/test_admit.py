from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.core.limits import Place, bucket
from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.line import IN_LINE, in_line
from django_tasks_fsm.store.admit import HEAD, KEYS, ROUNDS, admit, sweep
from django_tasks_fsm.store.claim import claim_run
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.locks import hold_all
from django_tasks_fsm.store.stage import stage
from tests.store.rows import DB, FAILURE, a_run, a_task, claimed, claims, finished, state_of, states_of, waits_for
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db
committing = pytest.mark.django_db(transaction=True)

AGO = timezone.now() - timedelta(minutes=5)


def limited(**values) -> Task:
    return a_task("limited", **{"max_instances": 1, **values})


def enqueued(task: Task, number: int = 1, **values) -> list[TaskRun]:
    return enqueue_many([Request(task_id=task.pk, **values) for _ in range(number)], DB)


def places(rows: list[TaskRun]) -> list[tuple[str, int]]:
    found = {row.pk: (row.state, row.line) for row in TaskRun.objects.all()}
    return [found[row.pk] for row in rows]


def test_a_run_with_limits_waits_until_somebody_looks_and_then_takes_a_slot():
    (run,) = enqueued(limited())
    assert (run.state, run.limited, run.line) == ("PENDING", True, Place.OUTSIDE)
    assert stage(DB) == 1
    assert places([run]) == [("QUEUED", Place.HELD)]


def test_only_as_many_as_max_instances_are_queued_and_the_others_stand_in_line():
    runs = enqueued(limited(max_instances=2), 4)
    stage(DB)
    assert places(runs) == [("QUEUED", 2), ("QUEUED", 2), ("PENDING", 1), ("PENDING", 1)]


def test_those_in_line_are_not_walked_past_again():
    enqueued(limited(), 3)
    assert (stage(DB), stage(DB)) == (3, 0)


@pytest.mark.parametrize(
    "ending",
    [
        lambda claim: Outcome.done(claim, "null"),
        lambda claim: Outcome.failed(claim, FAILURE),
        lambda claim: Outcome.cancelled(claim, "enough"),
        lambda claim: Outcome.retry(claim, FAILURE, timedelta(hours=1)),
    ],
)
def test_the_next_is_let_in_when_one_has_ended_or_waits_for_another_attempt(ending):
    first, second = enqueued(limited(), 2)
    stage(DB)
    finished(ending(claimed(first)))
    admit([first.task_id], (), DB)
    assert places([second]) == [("QUEUED", Place.HELD)]
    assert places([first])[0][1] == Place.OUTSIDE


def test_a_run_that_is_given_back_keeps_its_slot():
    first, second = enqueued(limited(), 2)
    stage(DB)
    finished(Outcome.released(claimed(first), "stop"))
    sweep(DB)
    assert places([first, second]) == [("QUEUED", Place.HELD), ("PENDING", Place.IN_LINE)]


@pytest.mark.parametrize("verb", ["cancel", "abort", "skip"])
def test_a_queued_run_that_people_end_frees_its_slot(verb):
    first, second = enqueued(limited(), 2)
    stage(DB)
    getattr(TaskRun.objects.filter(pk=first.pk), verb)()
    sweep(DB)
    assert places([second]) == [("QUEUED", Place.HELD)]


def test_who_stands_in_line_can_be_cancelled_and_rescheduled():
    _, second, third = enqueued(limited(), 3)
    stage(DB)
    assert second.cancel()
    assert third.reschedule(timezone.now() + timedelta(hours=1))
    assert places([second, third]) == [("CANCELLED", 0), ("PENDING", 0)]


def test_who_waits_for_a_prerequisite_again_is_not_let_in():
    before, (first, second) = a_run("FAILED"), enqueued(limited(), 2)
    stage(DB)
    waits_for(second, before, condition="finished", met=True)
    assert before.retry()
    finished(Outcome.done(claimed(first), "null"))
    sweep(DB)
    assert places([second]) == [("PENDING", Place.OUTSIDE)]
    assert TaskRun.objects.get(pk=second.pk).waiting_on == 1


def test_those_who_wait_for_a_prerequisite_again_do_not_hide_who_is_behind_them():
    before, task = a_run("FAILED"), limited()
    first, *others, last = enqueued(task, HEAD + 2)
    stage(DB)
    for run in others:
        waits_for(run, before, condition="finished", met=True)
    assert before.retry()
    finished(Outcome.done(claimed(first), "null"))
    admit([task.pk], (), DB)
    assert state_of(last) == "QUEUED"


def test_the_highest_priority_goes_first_and_then_the_longest_due():
    task = limited()
    first = enqueued(task, run_at=AGO)[0]
    late, early = enqueued(task)[0], enqueued(task, run_at=AGO)[0]
    urgent = enqueued(task, priority=50)[0]
    stage(DB)
    order = [run.pk for run in (urgent, first, early, late)]
    for wanted in order:
        (claim,) = claims()
        assert claim.id == wanted
        finished(Outcome.done(claim, "null"))
        admit([task.pk], (), DB)


def test_one_key_lets_one_run_go_at_once_and_other_keys_are_not_held_up():
    runs = [enqueue(Request(task_id=a_task().pk, concurrency_key=key), DB) for key in ("a", "a", "b")]
    stage(DB)
    assert states_of(runs) == ["QUEUED", "PENDING", "QUEUED"]


def test_a_key_is_shared_by_tasks_and_its_next_bearer_may_be_of_another_one():
    first = enqueue(Request(task_id=a_task("one").pk, concurrency_key="customer 7"), DB)
    second = enqueue(Request(task_id=a_task("two").pk, concurrency_key="customer 7"), DB)
    stage(DB)
    assert states_of([first, second]) == ["QUEUED", "PENDING"]
    finished(Outcome.done(claimed(first), "null"))
    admit([first.task_id], ["customer 7"], DB)
    assert state_of(second) == "QUEUED"


def test_a_key_goes_to_the_most_urgent_run_of_whatever_task():
    first, later = a_task("one"), a_task("two")
    (holder,) = enqueued(first, concurrency_key="a")
    stage(DB)
    (low,), (high,) = enqueued(first, concurrency_key="a"), enqueued(later, concurrency_key="a", priority=50)
    stage(DB)
    finished(Outcome.done(claimed(holder), "null"))
    admit([first.pk], ["a"], DB)
    assert states_of([low, high]) == ["PENDING", "QUEUED"]


def test_concurrency_says_how_many_of_a_key():
    task = a_task("many", concurrency=2)
    runs = enqueued(task, 3, concurrency_key="a")
    stage(DB)
    assert states_of(runs) == ["QUEUED", "QUEUED", "PENDING"]


def test_a_long_line_of_one_key_does_not_hide_another_key_behind_it():
    task = a_task()
    enqueued(task, HEAD + 20, concurrency_key="a", run_at=AGO)
    other = enqueued(task, concurrency_key="b")[0]
    stage(DB)
    assert state_of(other) == "QUEUED"


def test_a_rate_counts_starts_and_what_is_queued_to_start():
    task = limited(max_instances=None, rate_limit="2/m")
    runs = enqueued(task, 3)
    stage(DB)
    assert states_of(runs) == ["QUEUED", "QUEUED", "PENDING"]
    for claim in claims(2):
        finished(Outcome.done(claim, "null"))
    opens_in = sweep(DB)
    assert state_of(runs[2]) == "PENDING"
    assert opens_in is not None
    assert 55 < opens_in <= 60


def test_a_rate_lets_the_next_run_begin_when_a_start_has_left_the_period():
    task = limited(max_instances=None, rate_limit="1/m")
    first, second = enqueued(task, 2)
    stage(DB)
    finished(Outcome.done(claimed(first), "null"))
    TaskRun.objects.filter(pk=first.pk).update(paced_at=timezone.now() - timedelta(seconds=61))
    sweep(DB)
    assert state_of(second) == "QUEUED"


@pytest.mark.parametrize("verb", ["cancel", "reschedule"])
def test_a_run_that_never_began_is_no_start(verb):
    task = limited(max_instances=None, rate_limit="1/h")
    first, second = enqueued(task, 2)
    stage(DB)
    assert getattr(first, verb)(*[AGO] if verb == "reschedule" else [])
    stage(DB)
    sweep(DB)
    assert sorted(states_of([first, second]))[-1] == "QUEUED"


def test_a_rate_counts_what_a_worker_took_by_hand_and_what_began_before_there_was_one():
    task = limited(max_instances=5)
    first, second, third = enqueued(task, 3)
    assert claim_run(uuid.uuid4(), first.pk, DB) is not None
    stage(DB)
    finished(Outcome.done(claimed(second), "null"))
    finished(Outcome.done(claimed(third), "null"))
    task.rate_limit = "3/h"
    task.save()
    (late,) = enqueued(task)
    stage(DB)
    assert state_of(late) == "PENDING"


def test_a_run_that_was_queued_for_longer_than_the_period_still_counts():
    task = limited(max_instances=None, rate_limit="1/s")
    first, second = enqueued(task, 2)
    stage(DB)
    TaskRun.objects.filter(pk=first.pk).update(paced_at=AGO)
    sweep(DB)
    assert states_of([first, second]) == ["QUEUED", "PENDING"]


def test_a_rate_that_cannot_be_read_is_no_rate():
    runs = enqueued(limited(max_instances=None, rate_limit="often"), 2)
    stage(DB)
    assert states_of(runs) == ["QUEUED", "QUEUED"]


@committing
def test_however_many_let_in_at_once_no_limit_is_exceeded():
    tasks = [a_task(f"limited {number}", max_instances=3, concurrency=2) for number in range(2)]
    for number in range(60):
        enqueued(tasks[number % 2], concurrency_key=f"key {number % 5}")
    at_once(*[partial(stage, DB, 30)] * 4)
    at_once(*[partial(sweep, DB)] * 4)
    held = list(TaskRun.objects.filter(state="QUEUED").values_list("task_id", "concurrency_key"))
    for task in tasks:
        assert sum(pk == task.pk for pk, _ in held) == 3
    assert all(sum(each == key for _, each in held) <= 2 for _, key in held)


@committing
def test_ends_and_looks_at_the_line_at_the_same_moment_never_let_two_run():
    task = limited()
    enqueued(task, 12)
    stage(DB)
    seen = []

    def work() -> None:
        for _ in range(12):
            for claim in claims():
                seen.append(TaskRun.objects.filter(task=task, state="RUNNING").count())
                while not finished(Outcome.done(claim, "null")):
                    pass  # somebody has the row locked for a moment
            admit([task.pk], (), DB)

    at_once(*[work] * 4)
    assert set(seen) == {1}
    assert len(seen) == TaskRun.objects.filter(state="DONE").count()


def test_letting_in_costs_as_many_statements_for_many_as_for_one():
    task = limited(max_instances=1000)
    enqueued(task, 150)
    TaskRun.objects.update(line=Place.IN_LINE)
    with CaptureQueriesContext(connection) as asked:
        admit([task.pk], (), DB)
    assert len(asked) <= 17
    assert TaskRun.objects.filter(state="QUEUED").count() == 150


def test_many_keys_cost_a_statement_for_fifty_of_them():
    keys = [f"key {number}" for number in range(4 * KEYS)]
    enqueue_many([Request(task_id=a_task().pk, concurrency_key=key) for key in keys], DB)
    TaskRun.objects.update(line=Place.IN_LINE)
    hold_all([bucket("key", key) for key in keys], DB)  # they are made once, one by one
    with CaptureQueriesContext(connection) as asked:
        admit((), keys, DB)
    assert len(asked) <= 4 * 16
    assert TaskRun.objects.filter(state="QUEUED").count() == 4 * KEYS


def test_more_full_keys_than_are_looked_at_do_not_hide_who_is_behind_them():
    task, number = a_task(), HEAD * ROUNDS // 100
    held = [TaskRun(task=task, limited=True, line=2, state="QUEUED", concurrency_key=f"{n}") for n in range(number)]
    behind = [
        TaskRun(task=task, limited=True, line=1, concurrency_key=f"{n % number}", run_at=AGO) for n in range(2 * HEAD)
    ]
    TaskRun.objects.bulk_create([*held, *behind])
    last = TaskRun.objects.create(task=task, limited=True, line=1, concurrency_key="free")
    with CaptureQueriesContext(connection) as asked:
        sweep(DB)
    assert state_of(last) == "QUEUED"
    assert len(asked) <= 40


def test_the_tasks_with_a_line_are_found_one_look_each():
    for name in ("a", "b", "c"):
        enqueued(a_task(name, max_instances=1), 3)
    stage(DB)
    found = for_alias(DB).distinct(TaskRun._meta.db_table, "task_id", IN_LINE)
    assert sorted(found) == sorted(set(in_line(DB).values_list("task_id", flat=True)))
    assert len(found) == 3


def test_a_worker_that_takes_a_run_by_hand_counts():
    first, second = enqueued(limited(), 2)
    assert claim_run(uuid.uuid4(), first.pk, DB) is not None
    stage(DB)
    assert places([first, second]) == [("RUNNING", Place.HELD), ("PENDING", Place.IN_LINE)]


def test_a_retry_by_a_person_stands_in_line_again():
    first, second = enqueued(limited(), 2)
    stage(DB)
    finished(Outcome.failed(claimed(first), FAILURE))
    sweep(DB)
    assert TaskRun.objects.get(pk=first.pk).retry()
    stage(DB)
    assert states_of([first, second]) == ["PENDING", "QUEUED"]


def test_runs_from_before_the_first_limit_stand_in_line_when_they_are_retried():
    task = a_task()
    runs = enqueued(task, 3)
    for claim in claims(3):
        finished(Outcome.failed(claim, FAILURE))
    task.max_instances = 1
    task.save()
    TaskRun.objects.filter(task=task).retry()
    stage(DB)
    assert sorted(states_of(runs)) == ["PENDING", "PENDING", "QUEUED"]

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Queue, TaskRun
from django_tasks_fsm.store.cycle import turn
from django_tasks_fsm.store.workers import open_queues
from tests.store.faults import rolled_back, soon_tired_of_locks
from tests.store.rows import DB, a_run, a_task, claimed, claims, enqueued, runs, state_of
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def test_a_claim_makes_the_run_running_and_the_workers():
    worker, run = uuid.uuid4(), a_run(args=[1, "é"], kwargs={"a": {"b": None}}, priority=3, queue="mail")
    (claim,) = claims(5, ("mail",), worker)
    row = TaskRun.objects.get(pk=run.pk)
    assert (row.state, row.worker_id, row.fence, row.attempt) == ("RUNNING", worker, 1, 1)
    assert (claim.id, claim.task_id, claim.fence, claim.attempt) == (run.pk, run.task_id, 1, 1)
    assert (claim.args, claim.kwargs, claim.queue, claim.priority) == ([1, "é"], {"a": {"b": None}}, "mail", 3)
    assert (claim.enqueued_at, claim.run_at, claim.started_at) == (row.enqueued_at, row.run_at, row.started_at)
    assert abs(claim.started_at - timezone.now()) < timedelta(seconds=5)


def test_each_claim_raises_the_fence_and_the_attempt_by_one():
    run = a_run(fence=41, attempt=7)
    claim = claimed(run)
    assert (claim.fence, claim.attempt) == (42, 8)


@pytest.mark.parametrize("state", [state for state in RunState if state != RunState.QUEUED])
def test_only_queued_runs_are_claimed(state):
    run = a_run(state.value)
    assert claims(5) == []
    assert state_of(run) == state


def test_a_run_that_waits_for_a_prerequisite_is_never_claimed():
    before = a_run("RUNNING")
    enqueued(before)
    assert claims(5) == []


def test_the_order_is_priority_then_due_then_id():
    task = a_task()
    rows = [
        TaskRun(task=task, state="QUEUED", priority=priority, run_at=NOW - timedelta(seconds=late))
        for priority in (-100, 0, 5, 100)
        for late in (0, 10, 10, 20)
    ]
    random.Random(1).shuffle(rows)
    TaskRun.objects.bulk_create(rows)
    wanted = [row.pk for row in sorted(rows, key=lambda row: (-row.priority, row.run_at, row.pk))]
    got = [claim.id for size in (1, 5, 20) for claim in claims(size)]
    assert got == wanted


def test_the_limit_is_kept():
    runs(10)
    assert len(claims(3)) == 3
    assert TaskRun.objects.filter(state="RUNNING").count() == 3


@pytest.mark.parametrize(("limit", "queues"), [(0, ("default",)), (-1, ("default",)), (5, ())])
def test_no_room_or_no_queue_claims_nothing(limit, queues):
    a_run()
    assert claims(limit, queues) == []


def test_several_queues_are_merged_by_priority_and_due_time():
    a, b, c = (a_run(queue=name, priority=priority, run_at=NOW) for name, priority in (("a", 1), ("b", 3), ("c", 2)))
    late = a_run(queue="a", priority=2, run_at=NOW - timedelta(days=1))
    other = a_run(queue="other", priority=100)
    assert [claim.id for claim in claims(3, ("a", "b", "c", "none"))] == [b.pk, late.pk, c.pk]
    assert [claim.id for claim in claims(3, ("a", "b", "c"))] == [a.pk]
    assert state_of(other) == "QUEUED"


@pytest.mark.parametrize("number", [60, 600])
def test_many_queues_in_one_claim(number):
    names = tuple(f"q{each}" for each in range(number))
    last, first = a_run(queue=names[-1]), a_run(queue=names[7], priority=1)
    a_run(queue="other", priority=9)
    assert [claim.id for claim in claims(100, names)] == [first.pk, last.pk]


def test_a_queue_with_a_strange_name_is_only_a_name():
    run = a_run(queue="x'); DROP TABLE y; --%s")
    assert claims(5, ("a' OR '1'='1", "%")) == []
    assert [claim.id for claim in claims(5, (run.queue, "%s"))] == [run.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_what_another_worker_is_claiming_is_skipped_and_not_waited_for(other):
    some = runs(4)
    other.do(lambda: claims(2))
    with soon_tired_of_locks():
        mine = claims(4)
    other.commit()
    assert {claim.id for claim in mine} == {run.pk for run in some[2:]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_of_several_queues_what_another_worker_is_claiming_is_skipped(other):
    for name in "aabb":
        a_run(queue=name)
    theirs = other.do(lambda: claims(1, ("a", "b")))
    assert len(theirs) == 1
    with soon_tired_of_locks():
        mine = claims(2, ("a", "b"))
    other.commit()
    assert mine
    assert theirs[0].id not in {claim.id for claim in mine}


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_is_rolled_back_leaves_the_run_for_others():
    run = a_run()
    with rolled_back():
        claims()
    assert (state_of(run), claimed(run).fence) == ("QUEUED", 1)


@pytest.mark.django_db(transaction=True)
def test_four_workers_claim_500_runs_exactly_once():
    some = runs(500)

    def work() -> list[uuid.UUID]:
        worker, mine = uuid.uuid4(), []
        while got := turn(worker, [], ("default",), 7, DB).claims:
            mine += [claim.id for claim in got]
        return mine

    taken = [run_id for mine in at_once(work, work, work, work) for run_id in mine]
    left = [claim.id for claim in claims(500)]  # a worker may leave while another still holds locks
    assert Counter([*taken, *left]) == Counter(run.pk for run in some)
    assert set(TaskRun.objects.values_list("fence", "attempt").distinct()) == {(1, 1)}


# -- which queues


def pause(*names: str) -> None:
    for name in names:
        Queue.objects.update_or_create(name=name, defaults={"paused_at": timezone.now()})


def test_paused_and_excluded_queues_are_left_out():
    Queue.objects.all().delete()
    for name in ("a", "b", "c"):
        Queue.objects.create(name=name)
    pause("b")
    assert open_queues(("*",), (), DB) == ("a", "c")
    assert open_queues(("*",), ("a",), DB) == ("c",)
    assert open_queues(("c", "b", "a", "c"), ("a",), DB) == ("c",)


def test_a_queue_that_nobody_has_used_yet_is_open_to_who_names_it():
    assert open_queues(("unheard-of",), (), DB) == ("unheard-of",)
    assert "unheard-of" not in open_queues(("*",), (), DB)


def test_a_run_of_a_paused_queue_stays_queued():
    pause("default")
    run = a_run()
    assert claims(5, open_queues(("*", "default"), (), DB)) == []
    assert state_of(run) == "QUEUED"

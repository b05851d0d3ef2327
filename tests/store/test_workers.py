from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.models import Queue, TaskRun, Worker
from django_tasks_fsm.store.workers import (
    Identity,
    Vitals,
    Wishes,
    beat,
    forget_gone,
    leave,
    look,
    open_queues,
    register,
)
from tests.store.rows import DB, a_run, a_worker, claimed, claims, runs

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def an_identity(**values) -> Identity:
    return Identity(**{
        "id": uuid.uuid4(), "name": "w", "host": "h", "pid": 4711, "queues": ("*",), "excluded_queues": ("mail",),
        "concurrency": 3, **values,
    })  # fmt: skip


def silence(me: Identity, seconds: float = 3600) -> None:
    Worker.objects.filter(pk=me.id).update(heartbeat_at=F("heartbeat_at") - timedelta(seconds=seconds))


def test_a_worker_says_who_it_is():
    me = an_identity()
    register(me, DB)
    row = Worker.objects.get()
    assert (row.pk, row.name, row.host, row.pid, row.concurrency) == (me.id, "w", "h", 4711, 3)
    assert (row.queues, row.excluded_queues, row.is_alive) == (["*"], ["mail"], True)


def test_a_name_that_is_too_long_does_not_keep_a_worker_from_starting():
    register(an_identity(name="n" * 500, host="h" * 500), DB)
    row = Worker.objects.get()
    assert (len(row.name), len(row.host)) == (100, 255)


def test_a_heartbeat_renews_the_lease():
    me = an_identity()
    register(me, DB)
    silence(me)
    assert not Worker.objects.get().is_alive
    beat(me, DB)
    assert Worker.objects.get().is_alive


def test_a_look_tells_the_same_and_renews_nothing():
    me = an_identity()
    register(me, DB)
    run = a_run(fence=4)
    claims(1, worker=me.id)
    run.cancel()
    silence(me)
    seen = look(me, DB)
    assert (seen.fences, set(seen.stop), seen.is_look) == ({run.pk: 5}, {run.pk}, True)
    assert not Worker.objects.get().is_alive
    assert not beat(me, DB).is_look


def test_a_heartbeat_tells_what_is_held_with_its_fence_and_what_should_stop():
    me = an_identity()
    register(me, DB)
    first, second = (a_run(fence=number) for number in (4, 8))
    assert {claim.id for claim in claims(2, worker=me.id)} == {first.pk, second.pk}
    second.cancel()
    held = beat(me, DB)
    assert held.fences == {first.pk: 5, second.pk: 9}
    assert held.stop == {second.pk}


def test_a_heartbeat_does_not_tell_of_what_others_hold_or_what_has_ended():
    me = an_identity()
    register(me, DB)
    a_run("RUNNING", worker_id=uuid.uuid4())
    a_run("DONE", worker_id=me.id)
    a_run("QUEUED", worker_id=me.id)
    assert beat(me, DB).fences == {}


def test_a_heartbeat_writes_a_row_that_somebody_deleted_again():
    me = an_identity()
    register(me, DB)
    run = a_run()
    claimed(run, me.id)
    Worker.objects.all().delete()
    assert beat(me, DB).fences == {run.pk: 1}
    assert Worker.objects.get().pk == me.id


def test_a_worker_that_leaves_is_gone_at_once_but_was_heard_of_last_when_it_was():
    me = an_identity()
    register(me, DB)
    silence(me, 10)
    heard = Worker.objects.get().heartbeat_at
    leave(me.id, DB)
    row: Any = Worker.objects.get()
    assert (row.is_alive, row.heartbeat_at) == (False, heard)
    assert abs(row.stopped_at - timezone.now()) < timedelta(seconds=5)


def test_a_worker_that_beats_has_not_stopped_whatever_its_row_says():
    me = an_identity()
    register(me, DB)
    leave(me.id, DB)
    beat(me, DB)
    row: Any = Worker.objects.get()
    assert (row.stopped_at, row.is_alive) == (None, True)


def test_leaving_twice_or_without_a_row_does_no_harm():
    leave(uuid.uuid4(), DB)
    me = an_identity()
    register(me, DB)
    leave(me.id, DB)
    leave(me.id, DB)
    assert Worker.objects.count() == 1


def test_rows_of_workers_that_are_long_gone_are_forgotten():
    gone = a_worker("gone", silent_for=8 * 86400)
    recent, alive = a_worker("recent", silent_for=6 * 86400), a_worker("alive")
    assert (forget_gone(WEEK, DB), forget_gone(WEEK, DB)) == (1, 0)
    assert set(Worker.objects.values_list("pk", flat=True)) == {recent.pk, alive.pk}
    assert gone.pk not in {recent.pk, alive.pk}


def test_the_row_of_a_worker_that_still_holds_a_run_is_kept_until_it_is_rescued():
    worker = a_worker(silent_for=30 * 86400)
    runs(1)
    claims(1, worker=worker.pk)
    assert forget_gone(WEEK, DB) == 0
    TaskRun.objects.all().abort()
    assert forget_gone(WEEK, DB) == 1


def test_a_worker_that_comes_back_while_the_gone_are_forgotten_keeps_its_row():
    worker = a_worker(silent_for=8 * 86400)

    def come_back(execute, sql, params, many, context):
        if sql.startswith("DELETE"):
            Worker.objects.filter(pk=worker.pk).update(heartbeat_at=timezone.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(come_back):
        assert forget_gone(WEEK, DB) == 0
    assert Worker.objects.get().is_alive


@pytest.mark.parametrize(("minutes", "is_open"), [(None, False), (5, False), (-5, True)])
def test_a_paused_queue_is_served_again_when_its_pause_is_over(minutes: int | None, is_open: bool):
    now = timezone.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    Queue.objects.create(name="shut", paused_at=now - timedelta(hours=1), paused_until=until)
    assert ("shut" in open_queues(["*"], (), DB)) is is_open
    assert ("shut" in open_queues(["shut"], (), DB)) is is_open


# -- what people want, and what it says of itself


def test_a_heartbeat_brings_what_people_want():
    me = an_identity()
    assert register(me, DB) == Wishes()
    Worker.objects.update(desired_concurrency=7, paused_at=timezone.now())
    assert beat(me, DB).wishes == Wishes(7, True)


def test_a_heartbeat_tells_how_the_worker_is_in_no_further_statement():
    me = an_identity()
    register(me, DB)
    with CaptureQueriesContext(connection) as plain:
        beat(me, DB)
    with CaptureQueriesContext(connection) as telling:
        beat(me, DB, Vitals(5, 12.0, 1000, {"thread": 3}))
    row = Worker.objects.get()
    assert (row.concurrency, row.rss, row.lanes) == (5, 1000, {"thread": 3})
    assert len(telling) == len(plain)


def test_saturation_keeps_its_beginning_and_ends():
    me = an_identity()
    register(me, DB)
    beat(me, DB, Vitals(1, 30.0))
    since = Worker.objects.get().saturated_since
    assert since is not None
    assert timedelta(seconds=25) < timezone.now() - since < timedelta(seconds=60)
    beat(me, DB, Vitals(1, 45.0))
    assert Worker.objects.get().saturated_since == since
    beat(me, DB, Vitals(1))
    assert Worker.objects.get().saturated_since is None


def test_a_successor_takes_over_what_people_asked_of_the_last_of_its_name():
    former = an_identity(name="roof/1")
    register(former, DB)
    Worker.objects.update(desired_concurrency=7, paused_at=timezone.now(), paused_by="user:ada", pause_reason="a look")
    register(an_identity(name="roof/2"), DB)
    assert register(an_identity(name="roof/1", succeeds=True), DB) == Wishes(7, True)
    assert register(an_identity(name="roof/1"), DB) == Wishes()
    stranger = an_identity(name="roof/1", host="elsewhere", succeeds=True, is_paused=True)
    assert register(stranger, DB) == Wishes(None, True)


def test_a_successor_of_one_that_was_resumed_is_not_paused_by_its_flag():
    register(an_identity(name="roof/1", is_paused=True), DB)
    Worker.objects.update(paused_at=None)
    assert register(an_identity(name="roof/1", is_paused=True, succeeds=True), DB) == Wishes()

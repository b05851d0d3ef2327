"""How soon a worker hears: of a run that another process enqueues, and of a wish about a run that it holds."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from django_tasks_fsm.models import TaskRun
from tests.jobs import processed, stopping, trail
from tests.jobs.tasks import mark, noop

POLLS = "mysql"
SOON = 5.0
"""Seconds that stand for "at once" on a busy machine; a poll, or a heartbeat, would take ten times as many."""


@pytest.fixture
def files(tmp_path, monkeypatch, database_url):
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.stopping tests.jobs.processed")
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


@pytest.fixture
def patient(start_process, files):
    """Give a worker that sleeps, and beats, ever so seldom where the database can call it."""

    def start(*flags):
        polls = connection.vendor == POLLS
        interval = "--interval=1" if polls else "--interval=60"
        return start_process(interval, *flags, lease=4.0 if polls else 480.0)

    return start


def listens():
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'")
        return cursor.fetchone()


def taken(wait, seconds=SOON):
    began = time.monotonic()
    wait()
    assert time.monotonic() - began < seconds


def test_a_run_of_another_process_starts_soon(patient, files, wait_until):
    patient("--interval=1" if connection.vendor == POLLS else "--interval=30")
    noop.enqueue().wait(30)
    wait_until(listens)
    taken(lambda: mark.enqueue(files[0]).wait(30), 2.5)


def started(function, files, wait_until):
    result = function.enqueue(*files[: 1 if function is processed.linger else 2])
    wait_until(lambda: trail.read(files[0]))
    return TaskRun.objects.get(pk=result.id)


def is_cancelled(run):
    run.refresh_from_db()
    return run.state == "CANCELLED"


@pytest.mark.parametrize("function", [stopping.ahold, processed.linger], ids=["coroutine", "process"])
def test_a_cancel_is_heard_long_before_the_next_heartbeat(patient, files, wait_until, function):
    patient()
    run = started(function, files, wait_until)
    wait_until(listens)
    run.cancel(reason="changed my mind")
    taken(lambda: wait_until(lambda: is_cancelled(run)))


def test_an_abort_is_heard_as_well(patient, files, wait_until):
    patient()
    run = started(processed.linger, files, wait_until)
    wait_until(listens)
    run.abort(reason="now")
    taken(lambda: wait_until(lambda: trail.read(files[0])[1:] == ["tidied"]))


def test_a_worker_that_is_busy_hears_too(patient, files, wait_until, tmp_path):
    patient("--interval=0.5")
    run = started(stopping.ahold, files, wait_until)
    wait_until(listens)
    others = stopping.brief.enqueue_many([[str(tmp_path / "others"), 0.05]] * 200)
    run.cancel()
    taken(lambda: wait_until(lambda: is_cancelled(run)))
    assert not TaskRun.objects.get(pk=others[-1].id).is_final

"""What an idle worker costs, and what ends its sleep."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from django_tasks_fsm.models import TaskRun
from tests.jobs.tasks import add, noop
from tests.jobs.threads import other_process

VENDOR_THAT_POLLS = "mysql"


class Counter:
    """Count the statements of one connection, and set an event at each."""

    def __init__(self):
        self.statements = []
        self.looked = threading.Event()

    def __call__(self, execute, sql, params, many, context):
        self.statements.append(sql)
        self.looked.set()
        return execute(sql, params, many, context)


def test_an_idle_worker_looks_once_an_interval(start_worker, wait_until):
    counter = Counter()
    start_worker(wrapper=counter, interval=0.05)
    noop.enqueue().wait(30)
    looks = len(counter.statements) + 3
    wait_until(lambda: len(counter.statements) > looks)
    began, before = time.monotonic(), len(counter.statements)
    wait_until(lambda: time.monotonic() - began > 0.5)
    seen = counter.statements[before:]
    assert len(seen) <= (time.monotonic() - began) / 0.05 + 2, "\n".join(seen)
    assert all(statement.lstrip().upper().startswith("SELECT") for statement in seen), "\n".join(seen)


def test_an_idle_worker_says_nothing(start_worker, caplog, wait_until):
    counter = Counter()
    start_worker(wrapper=counter, interval=0.02)
    wait_until(lambda: len(counter.statements) > 5)
    before = len(caplog.records)
    wait_until(lambda: len(counter.statements) > 15)
    assert caplog.records[before:] == []


def test_it_wakes_at_once_for_this_process(start_worker, wait_until):
    worker = start_worker(interval=60.0)
    wait_until(lambda: worker.worker._looked_at)
    assert add.enqueue(1, 2).wait(30) == 3


def test_it_wakes_for_another_process(start_worker, wait_until):
    interval = 0.3 if connection.vendor == VENDOR_THAT_POLLS else 60.0
    noop.enqueue()
    worker = start_worker(interval=interval)
    wait_until(lambda: TaskRun.objects.filter(state="DONE").exists())
    wait_until(lambda: is_listening(worker))
    with other_process():
        result = add.enqueue(1, 2)
        assert result.wait(30) == 3


def is_listening(worker):
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'")
        return cursor.fetchone()


@pytest.mark.parametrize("wish", [False, True], ids=["stop", "stop now"])
def test_it_wakes_at_once_to_stop(start_worker, wait_until, wish):
    worker = start_worker(interval=60.0)
    wait_until(lambda: worker.worker._looked_at)
    assert worker.stop(now=wish) == int(wish)


def test_a_run_that_is_due_soon_is_not_slept_through(start_worker):
    worker = start_worker(interval=60.0)
    noop.enqueue().wait(30)
    with other_process():
        result = noop.using(run_after=timezone.now() + timedelta(seconds=0.5)).enqueue()
    worker.worker._wakeup.set()
    result.wait(30)

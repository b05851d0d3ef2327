"""The database fails a statement, a commit, or a while, under a running worker."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.worker import wakeup
from tests.jobs import trail
from tests.jobs.tasks import add, block_loop, group, hold, noop
from tests.jobs.threads import other_process

pytestmark = pytest.mark.usefixtures("quick_options")


class Failing:
    """Fail the statements of a connection while ``on``."""

    def __init__(self):
        self.on = False
        self.failed = 0

    def __call__(self, execute, sql, params, many, context):
        if self.on:
            self.failed += 1
            raise OperationalError("server closed the connection unexpectedly")
        return execute(sql, params, many, context)


@pytest.fixture
def failing():
    return Failing()


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


def kill_all_other_connections():
    """End every connection to the test database but this thread's, as an administrator would; return how many."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return cursor.rowcount
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        ids = [number for (number,) in cursor.fetchall()]
        for number in ids:
            with_gone_ones_forgiven(cursor, f"KILL {int(number)}")
        return len(ids)


def with_gone_ones_forgiven(cursor, statement):
    try:
        cursor.execute(statement)
    except OperationalError as error:
        if error.args[0] != 1094:  # it has ended meanwhile
            raise


on_a_server = pytest.mark.skipif("sqlite" in str(connections.settings["default"]["ENGINE"]), reason="no connections")


@pytest.mark.fault("F38")
def test_the_loop_outlives_errors_while_idle(start_worker, failing, wait_until):
    worker = start_worker(wrapper=failing)
    noop.enqueue().wait(30)
    failing.on = True
    wait_until(lambda: failing.failed > 3)
    failing.on = False
    assert add.enqueue(1, 2).wait(30) == 3
    assert worker.is_alive


@pytest.mark.fault("F38")
def test_a_result_survives_errors_and_is_written_once(start_worker, failing, files, wait_until):
    result = hold.enqueue(*files)
    start_worker(wrapper=failing)
    wait_until(lambda: trail.read(files[0]))
    failing.on = True
    open(files[1], "w").close()
    wait_until(lambda: len(trail.read(files[0])) == 2 and failing.failed > 3)
    failing.on = False
    assert result.wait(30) == 1
    assert trail.read(files[0]) == ["began 1", "ended 1"]


@pytest.mark.fault("F38")
def test_a_worker_stops_while_the_database_fails(start_worker, failing, wait_until):
    worker = start_worker(wrapper=failing, grace=0.0)
    noop.enqueue().wait(30)
    failing.on = True
    wait_until(lambda: failing.failed > 3)
    assert worker.stop() == 0


@pytest.mark.fault("F39")
def test_a_claim_whose_commit_was_not_answered_is_not_held_for_ever(start_worker, monkeypatch, wait_until):
    broken = threading.Event()
    worker = start_worker()
    noop.enqueue().wait(30)
    real = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def commit_and_lose_the_answer(self):
        real(self)
        if not broken.is_set() and threading.current_thread() is worker._thread and holds_something(worker):
            broken.set()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit_and_lose_the_answer)
    result = add.enqueue(1, 2)
    assert result.wait(30) == 3
    assert broken.is_set()
    assert Transition.objects.filter(run__pk=result.id, event="release").exists()


@pytest.mark.fault("F39")
def test_a_registration_whose_commit_was_not_answered_is_no_obstacle(start_worker, monkeypatch):
    broken = threading.Event()
    real = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]

    def commit_and_lose_the_answer(self):
        real(self)
        if not broken.is_set() and threading.current_thread().name == "worker tested":
            broken.set()
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit_and_lose_the_answer)
    monkeypatch.setattr(type(for_alias("default")), "is_transient", lambda self, error: True)
    start_worker()
    assert add.enqueue(1, 2).wait(30) == 3
    assert broken.is_set()


def holds_something(worker):
    running = TaskRun.objects.filter(state="RUNNING", worker_id=worker.worker.identity.id)
    return running.exists() and not len(worker.worker._cycle.hand)


@pytest.mark.fault("F37")
@on_a_server
def test_all_connections_killed_while_idle(start_worker, wait_until):
    worker = start_worker()
    noop.enqueue().wait(30)
    assert kill_all_other_connections() >= 2
    assert add.enqueue(1, 2).wait(30) == 3
    assert worker.is_alive


@pytest.mark.fault("F37")
@on_a_server
def test_all_connections_killed_in_the_middle_of_a_run(start_worker, files, wait_until):
    result = hold.enqueue(*files)
    start_worker()
    wait_until(lambda: trail.read(files[0]))
    kill_all_other_connections()
    open(files[1], "w").close()
    assert result.wait(30) == 1
    assert trail.read(files[0]) == ["began 1", "ended 1"]


@pytest.mark.fault("F37")
@on_a_server
def test_connections_killed_again_and_again_under_load(start_worker, wait_until):
    start_worker(concurrency=2)
    noop.enqueue().wait(30)
    results = group.enqueue_many([[f"group {number}"] for number in range(40)])
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline and TaskRun.objects.filter(state__in=["QUEUED", "RUNNING"]).exists():
        kill_all_other_connections()
    wait_until(lambda: not TaskRun.objects.filter(state__in=["QUEUED", "RUNNING"]).exists(), 60)
    assert TaskRun.objects.filter(state__in=["DONE", "FAILED"]).count() == len(results) + 1
    assert add.enqueue(1, 2).wait(30) == 3


@pytest.mark.fault("F37", "F44")
@pytest.mark.skipif(connections.settings["default"]["ENGINE"].rpartition(".")[2] != "postgresql", reason="no channel")
def test_what_was_said_while_nobody_listened_is_not_slept_through(start_worker, monkeypatch, caplog, wait_until):
    monkeypatch.setattr(wakeup, "RECONNECT_AFTER", 0.5)
    monkeypatch.setattr(wakeup, "LISTEN_SLICE", 0.1)
    start_worker(interval=60.0)
    noop.enqueue().wait(30)
    kill_all_other_connections()
    wait_until(lambda: "Not listening for wake-ups" in caplog.text)
    with other_process():
        result = add.enqueue(1, 2)
    assert result.wait(30) == 3


@pytest.mark.fault("F42")
@pytest.mark.skipif("sqlite" not in str(connections.settings["default"]["ENGINE"]), reason="locks rows, not the file")
def test_a_database_that_somebody_keeps_locked_is_waited_for(start_worker, monkeypatch, wait_until):
    options = {**connections["default"].settings_dict["OPTIONS"], "timeout": 0.05}
    monkeypatch.setitem(connections["default"].settings_dict, "OPTIONS", options)
    worker = start_worker()
    noop.enqueue().wait(30)
    result = add.using(run_after=timezone.now() + timedelta(seconds=0.3)).enqueue(1, 2)
    with closing(sqlite3.connect(connections["default"].settings_dict["NAME"], isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        wait_until(lambda: worker.worker._trouble._outages)
        locking.execute("COMMIT")
    assert result.wait(30) == 3
    assert worker.is_alive


@pytest.mark.fault("F31")
def test_a_blocked_event_loop_delays_neither_heartbeats_nor_functions(start_worker, files, wait_until):
    worker = start_worker()
    blocked = block_loop.enqueue(*files)
    wait_until(lambda: trail.read(files[0]))
    before = worker.worker._heart.last_beat
    assert add.enqueue(1, 2).wait(30) == 3
    wait_until(lambda: worker.worker._heart.last_beat > before)
    assert TaskRun.objects.get(pk=blocked.id).state == "RUNNING"
    open(files[1], "w").close()
    blocked.wait(30)

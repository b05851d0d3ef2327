"""What a function, a pooler or somebody's lock does to the sessions of a worker."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, connections

from django_tasks_fsm import task
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Listener
from django_tasks_fsm.models import TaskRun
from tests.jobs import trail
from tests.jobs.tasks import add, group, hold
from tests.jobs.threads import other_process

pytestmark = pytest.mark.usefixtures("quick_options")

SPOILING = {
    "sqlite": ["PRAGMA query_only = ON", "PRAGMA foreign_keys = OFF"],
    "postgresql": ["SET TIME ZONE 'Asia/Tokyo'", "SET default_transaction_read_only = on", "SET search_path = nowhere"],
    "mysql": ["SET time_zone = '+09:00'", "SET SESSION TRANSACTION READ ONLY", "SET sql_mode = ''"],
}


@task
def spoil_the_session():
    """Set what the next one to use this session would stumble over."""
    with connection.cursor() as cursor:
        for statement in SPOILING[connection.vendor]:
            cursor.execute(statement)


class Deaf(Listener):
    """Hears nothing: what was listened for is in a session that the pooler has given to somebody else."""

    def wait(self, seconds):
        return None

    def close(self):
        pass


@contextmanager
def locked(table):
    """Hold a lock on a whole table, as a migration does, in a session of its own."""
    mine = connection.copy()
    server = connection.vendor == "postgresql"
    mine.ensure_connection()
    mine.set_autocommit(not server)
    with mine.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE" if server else f"LOCK TABLES {table} WRITE")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK" if server else "UNLOCK TABLES")
            mine.close()


@pytest.mark.fault("F47")
def test_what_a_function_sets_in_its_session_reaches_neither_the_books_nor_the_next_function(start_worker):
    start_worker(concurrency=1)
    spoiling = spoil_the_session.enqueue()
    spoiling.wait(30)
    later = group.enqueue("written")
    assert later.wait(30) == 1
    for run in TaskRun.objects.filter(pk__in=[spoiling.id, later.id]):
        assert run.finished_at is not None
        assert timedelta(0) <= run.finished_at - run.enqueued_at < timedelta(minutes=1)


@pytest.mark.fault("F44")
def test_work_is_found_where_nothing_that_is_notified_is_heard(start_worker, monkeypatch):
    dialect = type(for_alias("default"))
    monkeypatch.setattr(dialect, "listen", lambda self, channel: Deaf())
    monkeypatch.setattr(dialect, "change_counter", lambda self: None)
    start_worker()
    with other_process():
        result = add.enqueue(1, 2)
    assert result.wait(30) == 3


@pytest.mark.fault("F50")
@pytest.mark.skipif("sqlite" in str(connections.settings["default"]["ENGINE"]), reason="locks the file, not tables")
def test_a_table_that_somebody_locks_for_longer_than_a_lease_delays_and_loses_nothing(
    start_worker, tmp_path, wait_until
):
    path, gate = str(tmp_path / "trail"), str(tmp_path / "gate")
    worker = start_worker()
    result, later = hold.enqueue(path, gate), add.enqueue(1, 2)
    wait_until(lambda: trail.read(path))
    later.wait(30)
    with locked(TaskRun._meta.db_table):
        open(gate, "w").close()
        wait_until(lambda: worker.worker._heart.silence > 1.2)
    # The worker itself may have taken its silence for its loss; then the run has had another attempt.
    assert result.wait(30) == len(trail.read(path)) / 2
    assert add.enqueue(2, 2).wait(30) == 4

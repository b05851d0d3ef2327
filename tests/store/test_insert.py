from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.models import TaskRun, transactions
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue, enqueue_many
from django_tasks_fsm.store.insert import BYTES, ROWS
from tests.store.faults import failing, losing_the_connection, transient
from tests.store.rows import DB, a_run, a_task
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Take note of the pauses instead of waiting."""
    taken: list[int] = []
    monkeypatch.setattr(transactions, "pause", taken.append)
    return taken


def request(**values) -> Request:
    return Request(task_id=a_task().pk, **values)


def inserts(work) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        work()
    return [query["sql"] for query in asked if "INSERT" in query["sql"]]


# -- one


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("values", [{}, {"run_at": timezone.now() + timedelta(days=1)}])
def test_a_connection_that_breaks_at_the_insert_makes_one_run(when, values, pauses):
    wanted = request(**values)
    with losing_the_connection(when) as sent:
        run = enqueue(wanted, DB)
    assert (len(sent), pauses) == (1, [1])
    stored = TaskRun.objects.get()
    for name in ("pk", "state", "run_at", "enqueued_at"):
        assert getattr(run, name) == getattr(stored, name)
    assert not run._state.adding


@pytest.mark.fault("F39")
def test_answers_that_are_lost_again_and_again_make_one_run(pauses):
    wanted = request()
    with losing_the_connection("before", times=3), losing_the_connection("after"):
        assert enqueue(wanted, DB).pk == wanted.id
    assert (TaskRun.objects.count(), pauses) == (1, [1, 2, 3, 4])


@pytest.mark.fault("F41")
@pytest.mark.parametrize("when", ["before", "after"])
def test_in_the_callers_transaction_a_broken_connection_is_the_callers(when, pauses):
    wanted = request()
    with pytest.raises(InterfaceError), losing_the_connection(when), transaction.atomic():
        enqueue(wanted, DB)
    assert (TaskRun.objects.count(), pauses) == (0, [])


def test_a_lost_race_is_repeated(pauses):
    wanted = request()
    with failing([transient(), transient()]):
        enqueue(wanted, DB)
    assert (TaskRun.objects.get().pk, pauses) == (wanted.id, [1, 2])


def test_an_id_that_is_taken_by_another_run_is_refused():
    taken = a_run()
    with pytest.raises(IntegrityError):
        enqueue(request(id=taken.pk), DB)


def test_a_repeat_that_is_refused_for_another_reason_is_refused(pauses):
    wanted = request(priority=500)
    with pytest.raises(IntegrityError), losing_the_connection("before"):
        enqueue(wanted, DB)
    assert (TaskRun.objects.count(), pauses) == (0, [1])


@pytest.mark.fault("F38")
def test_a_database_that_stays_away_is_given_up_on(pauses):
    wanted = request()
    with pytest.raises(InterfaceError), losing_the_connection("before", times=100):
        enqueue(wanted, DB)
    assert len(pauses) == transactions.TRIES - 1


@pytest.mark.fault("F42")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="servers lock rows, not the file")
def test_a_file_that_somebody_keeps_locked_is_waited_for(monkeypatch):
    wanted = request()
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {**connection.settings_dict["OPTIONS"], "timeout": 0.01})
    with closing(sqlite3.connect(connections[DB].settings_dict["NAME"], isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(transactions, "pause", lambda attempt: attempt == 2 and locking.execute("COMMIT"))
        assert enqueue(wanted, DB).pk == wanted.id
    connection.close()


@pytest.mark.fault("F37")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has no connection to lose")
def test_a_connection_that_the_server_ended_is_opened_again(pauses):
    wanted = request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()" if connection.vendor == "postgresql" else "SELECT connection_id()")
        (number,) = cursor.fetchone()
    kill = "SELECT pg_terminate_backend(%s)" if connection.vendor == "postgresql" else "KILL %s"
    in_thread(lambda: connection.cursor().execute(kill, [number])).result(SECONDS)
    assert enqueue(wanted, DB).pk == TaskRun.objects.get().pk
    assert pauses == [1]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has no connection to lose")
def test_what_is_looked_up_first_opens_a_lost_connection_again_too(pauses):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()" if connection.vendor == "postgresql" else "SELECT connection_id()")
        (number,) = cursor.fetchone()
    kill = "SELECT pg_terminate_backend(%s)" if connection.vendor == "postgresql" else "KILL %s"
    in_thread(lambda: connection.cursor().execute(kill, [number])).result(SECONDS)
    with suppress(DatabaseError):  # the driver has noticed by now
        connection.cursor().execute("SELECT 1")
    know_queue("never seen before", DB)
    assert pauses == [1]


# -- many


def sizes(monkeypatch) -> list[int]:
    """Take note of how many runs each statement inserts."""
    taken: list[int] = []
    real = TaskRun.objects.all().__class__.bulk_create

    def bulk_create(self, objs, *args: Any, **kwargs: Any):
        if self.model is TaskRun:
            taken.append(len(objs))
        return real(self, objs, *args, **kwargs)

    monkeypatch.setattr(TaskRun.objects.all().__class__, "bulk_create", bulk_create)
    return taken


def test_a_statement_has_at_most_so_many_rows(monkeypatch):
    taken = sizes(monkeypatch)
    enqueue_many([request() for _ in range(ROWS + 1)], DB)
    assert taken == [ROWS, 1]


def test_big_arguments_are_cut_into_statements_that_a_server_takes(monkeypatch):
    taken = sizes(monkeypatch)
    wanted = [request(args=["é" * 20_000], kwargs={"text": '"\\' * 20_000}) for _ in range(8)]
    made = enqueue_many(wanted, DB)
    assert max(taken) < 8 == sum(taken)
    assert [run.pk for run in made] == [one.id for one in wanted]
    assert TaskRun.objects.get(pk=wanted[7].id).args == wanted[7].args


def test_what_is_too_big_for_a_statement_gets_one_of_its_own(monkeypatch):
    taken = sizes(monkeypatch)
    enqueue_many([request(), request(args=["x" * (BYTES + 1)]), request()], DB)
    assert taken == [1, 1, 1]


@pytest.mark.parametrize("payload", ["x" * 9_000, '"' * 2_500, "\\" * 2_500, "é" * 1_000, "\x01" * 1_000])
def test_no_statement_is_longer_than_a_mebibyte(payload):
    wanted = [request(args=[payload], kwargs={"a": payload}) for _ in range(200)]
    assert len(json.dumps(payload)) * 400 > 2 * BYTES
    sent = inserts(lambda: enqueue_many(wanted, DB))
    assert len(sent) > 1
    assert max(len(sql.encode()) for sql in sent) < 1024 * 1024


@pytest.mark.skipif(connection.vendor != "mysql", reason="others have no such limit")
def test_a_server_with_a_small_packet_takes_many_big_arguments():
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@global.max_allowed_packet")
        (before,) = cursor.fetchone()
        cursor.execute("SET GLOBAL max_allowed_packet = 1048576")
    connection.close()
    try:
        enqueue_many([request(args=["x" * 100_000]) for _ in range(40)], DB)
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SET GLOBAL max_allowed_packet = %s", [before])
    assert TaskRun.objects.count() == 40


# -- the clock


@pytest.fixture(params=[-1, 1], ids=["behind", "ahead"])
def skew(request, monkeypatch) -> timedelta:
    """Let the clock of this host be wrong by an hour; SQLite's own is asked in the database."""
    real, wrong_by = timezone.now, timedelta(hours=request.param)
    monkeypatch.setattr(timezone, "now", lambda: real() + wrong_by)
    return wrong_by


def now() -> datetime:
    """Return the true time, as a column holds it."""
    moment = datetime.now(UTC)
    return moment if timezone.is_aware(timezone.now()) else timezone.make_naive(moment)


@pytest.mark.fault("F53")
@pytest.mark.parametrize("make", [enqueue, lambda one, using: enqueue_many([one], using)[0]])
def test_work_that_is_due_now_is_queued_whatever_the_hosts_clock_says(make, skew):
    began = now()
    run = make(request(), DB)
    stored = TaskRun.objects.get()
    assert (run.state, stored.run_at) == ("QUEUED", stored.enqueued_at)
    assert abs(stored.run_at - began) < timedelta(minutes=1)
    if connection.features.can_return_columns_from_insert:
        assert (run.run_at, run.enqueued_at) == (stored.run_at, stored.enqueued_at)
    assert isinstance(run.run_at, datetime)


@pytest.mark.fault("F53")
@pytest.mark.parametrize("make", [enqueue, lambda one, using: enqueue_many([one], using)[0]])
def test_work_for_later_is_never_queued_too_early(make, skew):
    assert make(request(run_at=now() + timedelta(minutes=10)), DB).state == "PENDING"


@pytest.mark.parametrize("make", [enqueue, lambda one, using: enqueue_many([one], using)[0]])
def test_what_is_past_for_host_and_database_is_queued(make, skew):
    assert make(request(run_at=now() - timedelta(hours=3)), DB).state == "QUEUED"


def test_in_a_long_transaction_the_time_is_that_of_the_statement():
    with transaction.atomic():
        first, second = enqueue(request(), DB), enqueue(request(), DB)
    assert first.run_at <= second.run_at
    assert first.run_at == first.enqueued_at


def test_an_error_that_no_repeat_can_mend_is_raised_at_once(pauses):
    wanted = request()
    with pytest.raises(ProgrammingError), failing([ProgrammingError("no such column")]):
        enqueue(wanted, DB)
    assert pauses == []

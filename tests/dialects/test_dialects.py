from __future__ import annotations

import sqlite3
import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.dialects import dialect_of, for_alias
from django_tasks_fsm.dialects.base import CHANNEL
from django_tasks_fsm.dialects.mysql import MySQLDialect
from django_tasks_fsm.dialects.pick import Pick
from django_tasks_fsm.dialects.postgresql import PostgreSQLDialect
from django_tasks_fsm.dialects.sqlite import SQLiteDialect
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.enqueue import Request, enqueue
from tests.store.faults import transient
from tests.store.rows import DB, a_run, a_task
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.django_db

only_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite")
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL")


def test_each_vendor_has_its_dialect():
    wanted = {"sqlite": SQLiteDialect, "postgresql": PostgreSQLDialect, "mysql": MySQLDialect}[connection.vendor]
    assert type(for_alias(DB)) is wanted
    assert for_alias(DB).connection is connection._connections[DB]  # type: ignore[attr-defined]


def test_a_vendor_that_nobody_has_measured_is_refused_with_the_known_ones():
    with pytest.raises(NotSupportedError, match=r"'oracle'.* supports mysql, postgresql, sqlite"):
        dialect_of(SimpleNamespace(vendor="oracle"))  # type: ignore[arg-type]


def test_a_lost_race_is_worth_another_try():
    assert for_alias(DB).is_transient(transient())
    assert for_alias(DB).is_transient(InterfaceError("connection already closed"))


@pytest.mark.parametrize("error", [IntegrityError("x"), DataError("x"), ValueError("database is locked"), SystemExit()])
def test_what_would_fail_again_is_not_tried_again(error):
    assert not for_alias(DB).is_transient(error)


@pytest.mark.fault("F40")
@pytest.mark.parametrize("number", [1213, 1205, 1020, 2006, 2013, 1927, 1040])
def test_mysql_knows_lost_races_by_their_numbers(number):
    assert MySQLDialect(connection).is_transient(OperationalError(number, "whatever it says"))


@pytest.mark.fault("F40")
@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57P01", "53300"])
def test_postgresql_knows_lost_races_by_their_states(state):
    error = OperationalError("whatever it says")
    error.__cause__ = type("DriverError", (Exception,), {"sqlstate": state})()
    assert PostgreSQLDialect(connection).is_transient(error)


@pytest.mark.fault("F40")
@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, 261, 517])
def test_sqlite_knows_lost_races_by_their_codes(code):
    error = OperationalError("whatever it says")
    error.__cause__ = sqlite3.OperationalError("x")
    error.__cause__.sqlite_errorcode = code
    assert SQLiteDialect(connection).is_transient(error)


REFUSALS = [
    *((SQLiteDialect, sqlite3.OperationalError, "sqlite_errorcode", code) for code in (8, 10, 13, 14, 8 | 4 << 8)),
    *((PostgreSQLDialect, Exception, "sqlstate", code) for code in ("25006", "53100")),
]


@pytest.mark.fault("F42")
@pytest.mark.parametrize(("dialect", "kind", "name", "code"), REFUSALS)
def test_a_database_that_is_full_or_read_only_refuses_nobody_in_particular(dialect, kind, name, code):
    error = OperationalError("whatever it says")
    error.__cause__ = type("DriverError", (kind,), {name: code})()
    assert dialect(connection).is_outage(error)


@pytest.mark.fault("F42")
@pytest.mark.parametrize("number", [1021, 1114, 1290, 1836])
def test_mysql_knows_by_their_numbers_that_it_is_full_or_read_only(number):
    assert MySQLDialect(connection).is_outage(OperationalError(number, "whatever it says"))
    assert not MySQLDialect(connection).is_outage(DataError(1406, "too long"))


def test_ids_and_times_are_read_as_the_orm_reads_them():
    run = a_run(args=[{"a": "é"}])
    dialect = for_alias(DB)
    table = connection.ops.quote_name(TaskRun._meta.db_table)
    ((pk, at, args),) = dialect.fetch(f"SELECT id, run_at, args FROM {table} WHERE id = %s", (dialect.id_in(run.pk),))
    run.refresh_from_db()
    assert (dialect.id_out(pk), dialect.time_out(at), dialect.json_out(args)) == (run.pk, run.run_at, run.args)


def test_a_text_that_is_no_time_is_named():
    with pytest.raises(ValueError, match="returned 'soon' where a datetime was expected"):
        for_alias(DB).time_out("soon")


@pytest.mark.parametrize("use_tz", [True, False])
def test_a_time_as_text_gets_a_zone_where_the_project_has_zones(use_tz):
    with override_settings(USE_TZ=use_tz):
        got = for_alias(DB).time_out("2026-01-02 03:04:05.678901")
    assert got.replace(tzinfo=None) == datetime(2026, 1, 2, 3, 4, 5, 678901)
    assert timezone.is_aware(got) == use_tz


def test_an_id_is_read_from_every_form_that_drivers_give():
    one = uuid.uuid4()
    assert {for_alias(DB).id_out(form) for form in (one, one.hex, str(one))} == {one}


def test_the_order_of_a_pick_is_written_as_sql():
    pick = Pick("t", "w", ("-priority", "run_at", "id"), 1)
    assert (pick.order_sql, pick.columns) == ("priority DESC, run_at, id", ("priority", "run_at", "id"))


def test_the_settings_of_the_tests_need_no_advice():
    assert [code for code, _, _ in for_alias(DB).advice() if code != "W003"] == []


@pytest.mark.parametrize("level", ["repeatable read", None, "SERIALIZABLE"])
def test_mysql_is_advised_against_gap_locks(level):
    fake = SimpleNamespace(settings_dict={"OPTIONS": {"isolation_level": level}})
    ((code, problem, hint),) = MySQLDialect(fake).advice()  # type: ignore[arg-type]
    assert (code, repr(level) in problem, "read committed" in hint) == ("W005", True, True)


def test_mysql_is_left_alone_with_djangos_default():
    assert MySQLDialect(SimpleNamespace(settings_dict={})).advice() == []  # type: ignore[arg-type]


@only_sqlite
def test_sqlite_is_advised_to_begin_with_the_write_lock(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})
    codes = [code for code, _, _ in for_alias(DB).advice()]
    assert "W004" in codes


@only_sqlite
def test_a_file_is_not_private():
    assert not for_alias(DB).is_private


@only_sqlite
@pytest.mark.django_db(transaction=True)
def test_the_write_lock_is_taken_before_reading_in_a_transaction_that_began_without_it(other):
    table = connection.ops.quote_name(TaskRun._meta.db_table)
    wrapper: Any = connection
    mode, wrapper.transaction_mode = wrapper.transaction_mode, None
    try:
        with transaction.atomic():
            for_alias(DB).lock_for_writing(table)
            future = in_thread(lambda: a_task("theirs"))
            a_task("mine")
            assert not future.done()
        assert future.result(SECONDS).name == "theirs"
    finally:
        wrapper.transaction_mode = mode


@only_sqlite
@pytest.mark.django_db(transaction=True)
def test_the_change_counter_moves_when_another_connection_commits(other):
    counter = for_alias(DB).change_counter()
    assert counter is not None
    before = counter()
    assert counter() == before
    a_task("mine")
    assert counter() == before
    other.do(lambda: a_task("theirs"))
    other.commit()
    assert counter() != before


@pytest.mark.skipif(connection.vendor == "sqlite", reason="only SQLite has one")
def test_a_server_has_no_change_counter():
    assert for_alias(DB).change_counter() is None


@pytest.mark.skipif(connection.vendor == "postgresql", reason="only PostgreSQL has one")
def test_other_vendors_have_no_channel():
    assert for_alias(DB).listen(CHANNEL) is None
    for_alias(DB).wake(CHANNEL, "default")


@pytest.fixture
def listener():
    found = for_alias(DB).listen(CHANNEL)
    assert found is not None
    yield found
    found.close()
    found.close()


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_listener_hears_the_queue_after_the_commit(listener):
    wanted = [Request(a_task().pk, queue=name) for name in ("mail", "slow")]
    with transaction.atomic():
        enqueue(wanted[0], DB)
        assert listener.wait(0) is None
    assert listener.wait(SECONDS) == "mail"
    enqueue(wanted[1], DB)
    assert listener.wait(SECONDS) == "slow"


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_listener_hears_nothing_of_what_is_rolled_back_or_not_due(listener):
    wanted = Request(a_task().pk, run_at=datetime(2100, 1, 1, tzinfo=UTC))
    with transaction.atomic():
        enqueue(Request(a_task().pk), DB)
        transaction.set_rollback(True)
    enqueue(wanted, DB)
    for_alias(DB).wake(CHANNEL, "end")
    assert listener.wait(SECONDS) == "end"


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_listener_whose_connection_is_lost_says_so(listener):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [listener._connection.info.backend_pid])
    with pytest.raises(Exception, match=r"(?i)terminat|closed|lost"):
        listener.wait(SECONDS)

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Queue, transactions
from django_tasks_fsm.models.transactions import TRIES, in_transaction, pause
from tests.store.faults import failing, rolled_back, transient
from tests.store.rows import DB
from tests.store.threads import SECONDS, in_thread

pytestmark = pytest.mark.django_db(transaction=True)
needs_server = pytest.mark.skipif(connection.vendor == "sqlite", reason="a file has no connection to lose")


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Take note of the pauses instead of waiting."""
    taken: list[int] = []
    monkeypatch.setattr(transactions, "pause", taken.append)
    return taken


@pytest.mark.fault("F40")
def test_a_lost_race_repeats_the_whole_of_the_work(pauses):
    calls: list[str] = []

    def work() -> str:
        calls.append("begun")
        Queue.objects.create(name=f"first{len(calls)}")
        Queue.objects.create(name="second")
        return "done"

    with failing([transient(), transient()]):
        assert in_transaction(work, DB) == "done"
    assert len(calls) == 3
    assert sorted(
        Queue.objects.filter(name__in=["first1", "first2", "first3", "second"]).values_list("name", flat=True)
    ) == [
        "first3",
        "second",
    ]
    assert pauses == [1, 2]


def test_what_a_failed_try_wrote_is_gone():
    made: list[Queue] = []

    def work() -> None:
        made.append(Queue.objects.create(name=f"try{len(made)}"))
        if len(made) == 1:
            raise transient()

    in_transaction(work, DB)
    assert list(Queue.objects.filter(name__startswith="try").values_list("name", flat=True)) == ["try1"]


@pytest.mark.fault("F40")
def test_it_gives_up_in_the_end_and_raises_the_last_error(pauses):
    errors: list[BaseException] = [transient() for _ in range(50)]
    with failing(errors), pytest.raises(OperationalError):
        in_transaction(lambda: Queue.objects.create(name="q"), DB)
    assert len(errors) == 50 - TRIES
    assert pauses == list(range(1, TRIES))


@pytest.mark.parametrize("error", [DataError("too long"), IntegrityError("not unique"), ZeroDivisionError()])
def test_another_error_is_raised_at_once(error, pauses):
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        in_transaction(work, DB)
    assert (len(calls), pauses) == (1, [])


@pytest.mark.fault("F41")
def test_inside_somebodys_atomic_block_nothing_is_repeated(pauses):
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        raise transient()

    with pytest.raises(OperationalError), transaction.atomic():
        in_transaction(work, DB)
    assert (len(calls), pauses) == (1, [])


def test_inside_somebodys_atomic_block_the_work_commits_with_it():
    with rolled_back():
        in_transaction(lambda: Queue.objects.create(name="gone"), DB)
    assert not Queue.objects.filter(name="gone").exists()


def kill_this_connection() -> None:
    """End this thread's connection from another one, as a server that restarts does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()" if connection.vendor == "postgresql" else "SELECT connection_id()")
        (number,) = cursor.fetchone()

    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(%s)" if connection.vendor == "postgresql" else "KILL %s", [number]
            )

    in_thread(kill).result(SECONDS)


@pytest.mark.fault("F37")
@needs_server
@pytest.mark.parametrize("lose", [kill_this_connection, lambda: connection.connection.close()])
def test_a_connection_that_is_lost_in_the_middle_is_opened_again(lose, pauses):
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        Queue.objects.create(name=f"q{len(calls)}")
        if len(calls) == 1:
            lose()
        Queue.objects.create(name="last")

    in_transaction(work, DB)
    assert pauses == [1]
    assert list(Queue.objects.filter(name__in=["q1", "q2", "last"]).values_list("name", flat=True)) == ["last", "q2"]


@needs_server
def test_a_connection_that_was_lost_before_is_opened_again():
    kill_this_connection()
    in_transaction(lambda: Queue.objects.create(name="q"), DB)
    assert Queue.objects.filter(name="q").exists()


def test_an_interface_error_is_a_lost_connection(pauses):
    with failing([InterfaceError("connection already closed")]):
        in_transaction(lambda: Queue.objects.create(name="q"), DB)
    assert pauses == [1]


def test_a_commit_whose_answer_is_lost_is_followed_by_the_same_work_again(pauses):
    answers: list[str] = []

    def committed(done: str) -> None:
        answers.append(done)
        if len(answers) == 1:
            raise InterfaceError("the answer to the COMMIT was lost")

    assert in_transaction(lambda: Queue.objects.get_or_create(name="once")[0].name, DB, committed=committed) == "once"
    assert (answers, pauses) == (["once", "once"], [1])


def test_inside_somebodys_atomic_block_nothing_is_committed_yet():
    with transaction.atomic():
        assert in_transaction(lambda: "done", DB, committed=pytest.fail) == "done"


def test_the_pauses_grow_and_stay_short(monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(transactions._never, "wait", waited.append)
    for attempt in range(1, TRIES):
        pause(attempt)
    assert waited[0] <= 0.01
    assert max(waited) <= transactions.LONGEST_PAUSE
    assert waited[-1] >= 0.5


@pytest.mark.fault("F42")
def test_reading_before_writing_never_finds_the_database_locked():
    Queue.objects.create(name="counter", pause_reason="0")

    def count() -> None:
        row = Queue.objects.select_for_update().get(name="counter")
        row.pause_reason = str(int(row.pause_reason) + 1)
        row.save()

    futures = [in_thread(lambda: [in_transaction(count, DB) for _ in range(20)]) for _ in range(4)]
    for future in futures:
        future.result(SECONDS)
    assert Queue.objects.get(name="counter").pause_reason == "80"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's modes of BEGIN")
def test_the_mode_of_transactions_is_put_back():
    wrapper: Any = connection
    before = wrapper.transaction_mode
    with for_alias(DB).writing():
        assert wrapper.transaction_mode == "IMMEDIATE"
    assert wrapper.transaction_mode == before


@pytest.mark.skipif(connection.vendor != "sqlite", reason="servers lock rows")
def test_on_sqlite_the_write_lock_is_taken_first_where_the_settings_leave_it_for_later(monkeypatch):
    connection.ensure_connection()  # which sets the mode of the settings
    monkeypatch.setattr(connections[DB], "transaction_mode", "DEFERRED")
    with CaptureQueriesContext(connection) as sent:
        in_transaction(lambda: None, DB)
    assert [query["sql"] for query in sent if query["sql"].startswith("BEGIN")] == ["BEGIN IMMEDIATE"]
    assert vars(connections[DB])["transaction_mode"] == "DEFERRED"

from __future__ import annotations

import pytest
from django.db import connection, transaction

from django_tasks_fsm.models import Queue
from django_tasks_fsm.models.transactions import in_transaction
from tests.store.rows import DB
from tests.store.threads import SECONDS, in_thread

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time, and no levels"),
]

ABOVE = "SET SESSION CHARACTERISTICS AS TRANSACTION" if connection.vendor == "postgresql" else "SET SESSION TRANSACTION"


@pytest.fixture(params=["settings", "session"])
def above(request, monkeypatch):
    """Work at REPEATABLE READ, by Django's settings or because the server, or the role, has it so."""
    options = {**connection.settings_dict["OPTIONS"]}
    level: object = "repeatable read"
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        level = IsolationLevel.REPEATABLE_READ
    options["isolation_level"] = level if request.param == "settings" else None
    if connection.vendor == "postgresql" and request.param == "session":
        del options["isolation_level"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    if request.param == "session":
        connection.cursor().execute(f"{ABOVE} ISOLATION LEVEL REPEATABLE READ")
    yield
    connection.close()


def sees_what_is_committed_meanwhile() -> bool:
    name = f"q{Queue.objects.count()}"  # the first look takes a snapshot where there is one
    in_thread(lambda: Queue.objects.create(name=name)).result(SECONDS)
    return Queue.objects.filter(name=name).exists()


@pytest.mark.fault("F49")
@pytest.mark.usefixtures("above")
def test_our_own_transactions_read_what_is_committed_whatever_the_settings_say():
    for _ in range(2):
        assert in_transaction(sees_what_is_committed_meanwhile, DB)


@pytest.mark.fault("F49")
@pytest.mark.usefixtures("above")
def test_the_transactions_of_others_keep_their_level():
    in_transaction(sees_what_is_committed_meanwhile, DB)
    with transaction.atomic():
        assert not sees_what_is_committed_meanwhile()


@pytest.mark.usefixtures("above")
def test_in_the_callers_transaction_the_level_is_the_callers():
    with transaction.atomic():
        assert not in_transaction(sees_what_is_committed_meanwhile, DB)

"""What a run may do to its thread's connection, and what the next run finds."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import connections
from tests.jobs.tasks import close_connection, group, leave_transaction_open, turn_autocommit_off
from tests.worker.claims import job

pytestmark = pytest.mark.usefixtures("transactional_db")


@task
def break_a_statement():
    connection.cursor().execute("SELECT nonsense FROM nowhere")


@task
def name_of_the_raw_connection():
    connection.ensure_connection()
    return str(id(connection.connection))


@task
def is_connected():
    return connection.connection is not None


DIRTY = {
    "open transaction": job(leave_transaction_open, "lost"),
    "autocommit off": job(turn_autocommit_off, "lost"),
    "closed": job(close_connection, False),
    "closed in a transaction": job(close_connection, True),
    "failed statement": job(break_a_statement),
}


@pytest.fixture
def for_ever(monkeypatch, run_on_thread):
    """Keep connections from run to run: what one leaves is exactly what the next one gets."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", None)
    yield
    run_on_thread(job(close_connection, False))


@pytest.mark.fault("F46")
@pytest.mark.parametrize("dirty", DIRTY)
def test_the_next_run_finds_a_connection_that_works(run_on_thread, for_ever, dirty):
    run_on_thread(DIRTY[dirty])
    outcome = run_on_thread(job(group, "kept"))
    assert (outcome.ending, outcome.result_json) == (Ending.DONE, "1")
    assert list(Group.objects.values_list("name", flat=True)) == ["kept"]


@pytest.mark.fault("F46")
def test_a_transaction_left_open_is_named(run_on_thread, caplog):
    outcome = run_on_thread(DIRTY["open transaction"])
    assert f"Run {outcome.claim.id} left a transaction open on 'default'" in caplog.text


def test_an_unlimited_connection_is_kept(run_on_thread, for_ever):
    first, second = (run_on_thread(job(name_of_the_raw_connection)).result_json for _ in range(2))
    assert first == second


def test_a_connection_for_one_run_is_closed_after_it(run_on_thread):
    run_on_thread(job(group, "first"))
    assert run_on_thread(job(is_connected)).result_json == "false"


def test_a_connection_that_grew_too_old_while_the_thread_waited_is_not_used():
    connection.ensure_connection()
    connection.close_at = time.monotonic() - 1
    connections.before()
    assert connection.connection is None


@pytest.mark.fault("F46")
def test_a_connection_that_cannot_be_closed_costs_no_outcome(monkeypatch, caplog):
    connection.ensure_connection()
    raw = connection.connection
    connection.close_at = time.monotonic() - 1
    monkeypatch.setattr(connection, "_close", lambda: 1 / 0)
    connections.after("x")
    assert connection.connection is None
    assert "left 'default' broken" in caplog.text
    raw.close()

"""The look at everything: few statements, no locks, and an index under each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.models import Queue
from django_tasks_fsm.store.status import status
from tests.dialects.plans import plans, statements
from tests.store.rows import DB, a_run, a_worker

pytestmark = pytest.mark.django_db
STATEMENTS = 9


def test_the_number_of_statements_does_not_grow() -> None:
    for number in range(12):
        Queue.objects.create(name=f"q{number}")
        a_worker(f"w{number}", queues=["*"])
        a_run("QUEUED", queue=f"q{number}")
    with CaptureQueriesContext(
        connection,
    ) as sent:
        found = status(DB)
    assert len(sent) == STATEMENTS
    assert len(found.hands) == 12


def test_nothing_is_locked_and_no_count_is_without_an_end() -> None:
    Queue.objects.get_or_create(name="default")
    for sql, _ in statements(lambda: status(DB)):
        assert "FOR UPDATE" not in sql
        assert "COUNT(" not in sql or "LIMIT" in sql


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the planner of SQLite does not depend on how many rows are")
def test_an_index_lies_under_every_look_at_the_runs() -> None:
    Queue.objects.get_or_create(name="default")
    for found in plans(lambda: status(DB), "django_tasks_fsm_taskrun"):
        scans = [line for line in found.splitlines() if "SCAN django_tasks_fsm_taskrun" in line and "INDEX" not in line]
        assert scans == [], found


def test_lanes_beyond_the_most_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_tasks_fsm.store.status.MOST", 3)
    for number in range(5):
        Queue.objects.create(name=f"a{number}")
    assert len(status(DB).lanes) == 3

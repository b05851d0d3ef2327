"""The latency of queues: of what runs, and of the newest that has started."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models import latency as room
from django_tasks_fsm.models.latency import by_queue
from tests.store.rows import DB, a_run

pytestmark = pytest.mark.django_db


def late(length: float, state: str = "DONE", queue: str = "default") -> TaskRun:
    """Make a run that started so many seconds late."""
    due = timezone.now() - timedelta(hours=1)
    return a_run(state, queue=queue, run_at=due, started_at=due + timedelta(seconds=length))


def test_each_queue_has_its_own_in_one_statement() -> None:
    for length in (1, 2, 30):
        late(length)
    late(7, "RUNNING", "mail")
    late(99, "QUEUED", "idle")
    with CaptureQueriesContext(connection) as sent:
        found = by_queue(DB)
    assert len(sent) == 1
    assert {queue: (one.count, one.median.seconds, one.longest.seconds) for queue, one in found.items()} == {
        "default": (3, 2, 30), "mail": (1, 7, 7)
    }  # fmt: skip


def test_what_runs_is_seen_behind_a_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "NEWEST", 2)
    late(5, "RUNNING")
    late(6)
    for _ in range(3):
        a_run("QUEUED")
    assert by_queue(DB)["default"].count == 1


def test_a_run_knows_its_own() -> None:
    assert late(4).latency == timedelta(seconds=4)
    assert a_run("QUEUED").latency is None

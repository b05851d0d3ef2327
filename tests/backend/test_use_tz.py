"""Projects without time zones: every time is naive, in TIME_ZONE, and the database's clock must mean the same."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store import rescue
from django_tasks_fsm.tasks_api import TaskResultStatus
from tests.backend import sample
from tests.backend.hand import LEASE, MOST_LOSSES, Hand

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture(params=["America/New_York", "Asia/Kolkata"])
def naive(request: pytest.FixtureRequest) -> Iterator[None]:
    """Turn time zones off, far from UTC on either side; only what the test itself makes is due."""
    before = os.environ.get("TZ")
    with override_settings(USE_TZ=False, TIME_ZONE=request.param):
        os.environ["TZ"] = request.param  # as Django sets it from TIME_ZONE when a process starts
        time.tzset()
        # Those of the test project stand in UTC: read as local times some of them would be due, for hours of each day.
        Task.objects.update(next_run_at=None)
        yield
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("transactional_db", "naive")
def test_a_run_is_run_and_its_times_are_naive_and_local(burst: Callable[[], None]) -> None:
    before = datetime.now()
    result = sample.succeed_at_last.enqueue(good=2)
    burst()
    result.refresh()
    assert (result.status, result.attempts) == (TaskResultStatus.SUCCESSFUL, 2)
    for moment in (result.enqueued_at, result.started_at, result.last_attempted_at, result.finished_at):
        assert moment is not None
        assert moment.tzinfo is None
        assert before - SECOND < moment < datetime.now() + SECOND
    assert sample.succeed_at_last.get_result(result.id) == result


@pytest.mark.usefixtures("db", "naive")
@pytest.mark.parametrize(("delay", "state"), [(-HOUR, "DONE"), (timedelta(0), "DONE"), (HOUR, "PENDING")])
def test_a_deferred_run_waits_for_its_local_time(delay: timedelta, state: str, burst: Callable[[], None]) -> None:
    result = sample.echo.using(run_after=timezone.now() + delay).enqueue()
    assert sample.echo.get_result(result.id) == result
    burst()
    result.refresh()
    assert result.state == state


@pytest.mark.usefixtures("db", "naive")
def test_an_interval_fires(burst: Callable[[], None]) -> None:
    row = sample.echo.schedule("naive interval", every=60)
    assert row is not None
    assert row.next_run_at is not None
    assert abs(row.next_run_at - datetime.now()) < timedelta(seconds=61)
    burst()
    assert not TaskRun.objects.exists()
    Task.objects.filter(pk=row.pk).update(next_run_at=timezone.now() - SECOND)
    burst()
    assert [run.state for run in TaskRun.objects.all()] == ["DONE"]


@pytest.mark.usefixtures("db", "naive")
def test_a_cron_schedule_fires_at_the_hour_of_its_own_zone(burst: Callable[[], None]) -> None:
    row = sample.echo.schedule("naive cron", cron="0 * * * *", timezone="UTC")
    assert row is not None
    slot = row.next_run_at
    assert slot is not None
    assert slot.tzinfo is None
    assert timedelta(0) < slot - datetime.now() <= HOUR
    Task.objects.filter(pk=row.pk).update(next_run_at=slot - HOUR)
    burst()
    (run,) = TaskRun.objects.all()
    assert (run.state, run.scheduled_for) == ("DONE", slot - HOUR)
    row.refresh_from_db()
    assert row.next_run_at == slot


@pytest.mark.usefixtures("db", "naive")
def test_a_living_worker_is_not_taken_for_lost() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.claim()
    assert not rescue.rescue(LEASE, MOST_LOSSES, "default")
    result.refresh()
    assert result.status == TaskResultStatus.RUNNING


@pytest.mark.usefixtures("db", "naive")
def test_a_person_may_move_and_cancel_a_run() -> None:
    run = sample.echo.enqueue().run
    assert run.reschedule(timezone.now() + HOUR)
    assert run.state == "PENDING"
    assert run.cancel()
    moved: Any = run.transitions.values_list("event", "at")
    assert [event for event, _ in moved] == ["reschedule", "cancel"]
    assert all(abs(at - datetime.now()) < SECOND * 5 for _, at in moved)

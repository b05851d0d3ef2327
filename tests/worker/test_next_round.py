"""How soon a run that reschedules itself may begin again; tests/context has what it asks for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending, Outcome
from django_tasks_fsm.exceptions import RescheduleRequested
from django_tasks_fsm.worker import next_round as room
from django_tasks_fsm.worker.errand import outcome_read, outcome_written
from django_tasks_fsm.worker.next_round import next_round
from django_tasks_fsm.worker.runner import Job
from tests.worker.claims import NOW, job


@pytest.fixture(autouse=True)
def _nobody_was_warned() -> Iterator[None]:
    room._warned.clear()
    yield
    room._warned.clear()


@task
def work() -> None:
    """Do nothing."""


def begun(ago: float = 0.0, **policy: Any) -> Job:
    """Return a job that began so many seconds ago."""
    one = job(work, **policy)
    one.context.stopwatch._began = time.monotonic() - ago
    return one


@pytest.mark.parametrize(
    ("ago", "asked", "throttled"),
    [
        (0, RescheduleRequested(0), True),
        (0, RescheduleRequested(9.9), True),
        (0, RescheduleRequested(10), False),
        (5, RescheduleRequested(5), False),
        (5, RescheduleRequested(4.9), True),
        (11, RescheduleRequested(0), False),
        (0, RescheduleRequested(at=NOW), True),
        (0, RescheduleRequested(at=NOW + timedelta(seconds=9)), True),
        (0, RescheduleRequested(at=NOW + timedelta(seconds=10)), False),
        (11, RescheduleRequested(at=NOW), False),
    ],
)
def test_a_round_begins_no_sooner_than_its_interval_after_the_last(
    ago: float, asked: RescheduleRequested, throttled: bool
) -> None:
    outcome = next_round(begun(ago, min_interval=10.0), asked)
    assert outcome.throttled is throttled
    if throttled:
        assert outcome.at is None
        assert timedelta(seconds=9.9 - ago) < (outcome.delay or timedelta(0)) <= timedelta(seconds=10 - ago)
    else:
        assert (outcome.at, outcome.delay is None) == (asked.at, asked.at is not None)


def test_without_an_interval_of_its_own_that_of_the_settings_counts() -> None:
    assert next_round(begun(0), RescheduleRequested(0)).throttled
    assert not next_round(begun(0), RescheduleRequested(0.01)).throttled
    assert not next_round(begun(0, min_interval=0.0), RescheduleRequested(0)).throttled


def test_a_warning_is_given_once_a_minute_for_each_task(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        next_round(begun(), RescheduleRequested(0))
    next_round(begun(id=2, name="another task"), RescheduleRequested(0))
    assert [record.getMessage().split(" resched")[0] for record in caplog.records] == [
        "Task a task",
        "Task another task",
    ]
    room._warned[1] -= room.WARN_EVERY
    next_round(begun(), RescheduleRequested(0))
    assert len(caplog.records) == 3


def test_a_chain_that_was_stopped_is_done() -> None:
    one = begun()
    one.context.stop_chain()
    outcome = next_round(one, RescheduleRequested(0))
    assert (outcome.ending, outcome.result_json) == (Ending.DONE, "null")


@pytest.mark.parametrize("when", [timedelta(seconds=1.5), NOW])
def test_another_process_can_say_it(when: Any) -> None:
    outcome = Outcome.next_round(begun().claim, when, [1], {"a": 2}, throttled=True)
    assert outcome_read(outcome_written(outcome), outcome.claim) == outcome

"""How late runs start, one by one and all together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_tasks_fsm.core.latency import Latency, latency, summary

DUE = datetime(2026, 1, 1, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_latency_is_started_minus_due() -> None:
    assert latency("RUNNING", DUE, DUE + seconds(3)) == seconds(3)
    assert latency("DONE", DUE, DUE) == seconds(0)


@pytest.mark.parametrize("state", ["PREPARE", "PENDING", "QUEUED"])
def test_what_waits_has_none_though_an_earlier_attempt_has_started(state: str) -> None:
    assert latency(state, DUE, DUE + seconds(3)) is None


def test_what_has_not_started_for_its_present_due_time_has_none() -> None:
    assert latency("RUNNING", DUE, None) is None
    assert latency("CANCELLED", DUE, DUE - seconds(3)) is None


def test_the_numbers_of_a_summary_have_all_occurred() -> None:
    many = [seconds(number) for number in range(100, 0, -1)]
    assert summary(many) == Latency(100, seconds(50), seconds(95), seconds(100))
    assert summary([seconds(7)]) == Latency(1, seconds(7), seconds(7), seconds(7))
    assert summary([]) is None

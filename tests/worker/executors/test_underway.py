from __future__ import annotations

import threading

import pytest

from django_tasks_fsm.worker.executors.underway import Underway
from tests.jobs.tasks import noop
from tests.worker.claims import job


@pytest.fixture
def called():
    """Give a job with a timeout whose function was just called in this thread, and where that is noted."""
    one, noted = job(noop, timeout=60.0), Underway()
    one.context.begin()
    noted.begin(one)
    return one, noted


def test_a_function_that_returns_first_is_not_given_up(called):
    one, noted = called
    assert noted.end(one)
    assert noted.give_up(one) is None
    assert noted.stuck == 0


def test_a_job_that_was_given_up_is_not_reported_by_its_function(called):
    one, noted = called
    assert noted.give_up(one) is threading.current_thread()
    assert noted.stuck == 1
    assert not noted.end(one)
    assert noted.stuck == 0


@pytest.mark.parametrize(("since_timeout", "overdue"), [(-1.0, False), (4.9, False), (5.1, True)])
def test_a_function_has_a_while_to_stop_by_itself(called, monkeypatch, since_timeout, overdue):
    one, noted = called
    now = one.context.stopwatch._deadline + since_timeout
    monkeypatch.setattr("django_tasks_fsm.context.time.monotonic", lambda: now)
    assert noted.overdue() == [one] * overdue


def test_without_a_timeout_nothing_is_overdue():
    one, noted = job(noop), Underway()
    one.context.begin()
    noted.begin(one)
    assert noted.overdue() == []

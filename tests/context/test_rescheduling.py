"""Runs that reschedule themselves: chains of rounds of one run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from django_tasks_fsm import conf
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.exceptions import RescheduleRequested, UnstorablePayload
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.worker import next_round
from tests.context import chained

pytestmark = pytest.mark.django_db
LATER = timezone.now() + timedelta(hours=2)


@pytest.fixture
def burst() -> Callable[[], None]:
    """Give ``burst()``: run what is due, in this thread and in the transaction of the test."""

    def run() -> None:
        call_command("runworker", burst=True, verbosity=0)

    return run


@pytest.fixture(autouse=True)
def _nobody_was_warned() -> Iterator[None]:
    next_round._warned.clear()
    yield
    next_round._warned.clear()


@pytest.fixture
def lonely(django_assert_num_queries: Any) -> Iterator[RunContext]:
    """Give a context that has nothing to ask a database for."""
    now = timezone.now()
    claim = Claim(TaskRun().pk, 1, 1, 1, "default", 0, [], {}, now, now, now)
    with django_assert_num_queries(0):
        yield RunContext(claim, "default", lambda: None, None)  # type: ignore[arg-type,return-value]


def fresh(result: FSMTaskResult) -> TaskRun:
    return TaskRun.objects.get(pk=result.id)


def test_a_round_may_begin_at_a_time(burst: Callable[[], None]) -> None:
    result = chained.at.enqueue(LATER.isoformat())
    burst()
    run = fresh(result)
    assert (run.state, run.run_at, run.attempt) == ("PENDING", LATER, 0)


@pytest.mark.fault("F36")
def test_a_time_that_has_passed_is_now(burst: Callable[[], None]) -> None:
    result = chained.at.enqueue((timezone.now() - timedelta(hours=1)).isoformat(), 2)
    burst()
    assert fresh(result).state == "DONE"


def test_a_round_hands_arguments_to_the_next_one_and_keeps_the_key(burst: Callable[[], None]) -> None:
    result = chained.count_down.using(key="k").enqueue(3, heard=[])
    assert chained.count_down.using(key="k").enqueue(9, heard=[]).id == result.id
    burst()
    run = fresh(result)
    assert (run.state, run.args, run.kwargs, run.result) == ("DONE", [0], {"heard": [3, 2, 1]}, [3, 2, 1])
    assert (run.attempt, run.given_key) == (1, "k")


@pytest.mark.parametrize("way", ["coroutine", "function"])
def test_a_chain_that_is_stopped_from_inside_ends_as_done(way: str, burst: Callable[[], None]) -> None:
    result = (chained.stop if way == "function" else chained.astop).enqueue()
    burst()
    assert fresh(result).state == "DONE"


def test_a_chain_that_is_stopped_from_outside_ends_between_its_rounds(burst: Callable[[], None]) -> None:
    result = chained.at.using(key="k").enqueue(LATER.isoformat())
    burst()
    assert len(chained.at.using(key="k").cancel_key().moved) == 1
    assert fresh(result).state == "CANCELLED"


def test_a_run_that_cancels_its_own_key_does_not_come_again(burst: Callable[[], None]) -> None:
    result = chained.cancel_own.using(key="k").enqueue()
    burst()
    assert fresh(result).state == "CANCELLED"


def test_an_error_in_a_round_is_retried_and_the_chain_goes_on(burst: Callable[[], None]) -> None:
    result = chained.stumble.using(key="k").enqueue(3)
    burst()
    run = fresh(result)
    assert (run.state, run.result, run.attempt) == ("DONE", 0, 2)
    assert [row.event for row in run.transitions.order_by("pk")] == ["reschedule", "retry", "reschedule", "reschedule"]


def test_a_chain_that_spins_is_slowed_down_told_of_and_counted(
    burst: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "django_tasks_fsm"):
        result = chained.spin.enqueue(3)
        burst()
    starts: list[float] = fresh(result).result or []
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert len(gaps) == 3
    assert min(gaps) >= 0.008  # SQLite tells milliseconds
    assert Task.objects.get(name=chained.spin.module_path).throttled == 3
    (warning,) = [each.getMessage() for each in caplog.records if "reschedules itself" in each.getMessage()]
    assert "sooner than 0.01 s after its start" in warning


def test_the_row_says_how_fast_a_chain_may_be(burst: Callable[[], None]) -> None:
    result = chained.spin.enqueue(1)
    Task.objects.filter(name=chained.spin.module_path).update(min_interval=3600)
    burst()
    run = fresh(result)
    assert run.state == "PENDING"
    assert run.run_at - run.started_at > timedelta(minutes=59)  # type: ignore[operator]


def test_a_time_that_comes_too_soon_is_put_off_too(burst: Callable[[], None]) -> None:
    result = chained.at.enqueue(timezone.now().isoformat())
    Task.objects.filter(name=chained.at.module_path).update(min_interval=3600)
    burst()
    assert fresh(result).run_at > timezone.now() + timedelta(minutes=59)


def test_nobody_is_slowed_down_where_the_settings_say_so(settings: Any, burst: Callable[[], None]) -> None:
    tasks = {**settings.TASKS}
    tasks["default"] = {**tasks["default"], "OPTIONS": {**tasks["default"].get("OPTIONS", {}), "MIN_INTERVAL": 0}}
    with override_settings(TASKS=tasks):
        assert conf.options().min_interval == 0
        chained.spin.enqueue(2)
        burst()
    assert Task.objects.get(name=chained.spin.module_path).throttled == 0


def test_the_least_interval_is_declared_and_stands_in_the_row() -> None:
    chained.patient.enqueue()
    assert Task.objects.get(name=chained.patient.module_path).min_interval == 30.0


def test_a_round_takes_a_delay_or_a_time(lonely: RunContext) -> None:
    with pytest.raises(TypeError, match="either a delay or at="):
        lonely.reschedule()
    with pytest.raises(TypeError, match="either a delay or at="):
        lonely.reschedule(1, at=LATER)


@pytest.mark.fault("F36")
def test_a_time_is_of_the_kind_that_use_tz_wants(lonely: RunContext) -> None:
    with pytest.raises(ValueError, match="at must be an aware datetime"):
        lonely.reschedule(at=datetime(2031, 1, 1))
    with override_settings(USE_TZ=False), pytest.raises(ValueError, match="at must be a naive datetime"):
        lonely.reschedule(at=LATER)
    with pytest.raises(ValueError, match="cannot be stored"):
        lonely.reschedule(at=LATER.replace(year=9999))


def test_the_arguments_of_a_round_are_checked_where_they_are_given(lonely: RunContext) -> None:
    with pytest.raises(UnstorablePayload, match=r"args\[1\] cannot be stored"):
        lonely.reschedule(1, args=[1, object()])
    with pytest.raises(RescheduleRequested) as caught:
        lonely.reschedule(timedelta(minutes=1), args=(1, 2), kwargs={"a": (3,)})
    asked = caught.value
    assert (asked.delay_seconds, asked.args_of_next, asked.kwargs_of_next) == (60.0, [1, 2], {"a": [3]})

"""What a running function can ask and say."""

from __future__ import annotations

import asyncio
import contextvars
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
from django.utils import timezone

from django_tasks_fsm import context as room
from django_tasks_fsm import current_run
from django_tasks_fsm.context import NoCurrentRun, RunContext
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import (
    CancellationRequested,
    RescheduleRequested,
    RunCancelled,
    RunTimedOut,
    UnstorablePayload,
)
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.tasks_api import TaskContext, TaskResultStatus
from tests.context import sample

Run = Callable[..., FSMTaskResult]


def _run(task: FSMTask, *args: Any, **kwargs: Any) -> FSMTaskResult:
    result = task.enqueue(*args, **kwargs)
    call_command("runworker", burst=True, verbosity=0)
    result.refresh()
    return result


@pytest.fixture
def run(db: None) -> Run:
    """Give ``run(task, *args)``: the result after a burst in this thread, in the transaction of the test."""
    return _run


@pytest.fixture(params=["db", "transactional_db"])
def run_both_ways(request: pytest.FixtureRequest) -> Run:
    """Give the same, once in this thread, once with threads and a loop of their own."""
    request.getfixturevalue(request.param)
    return _run


@pytest.fixture
def lonely() -> RunContext:
    """Give a context whose run is in no database."""
    now = timezone.now()
    claim = Claim(uuid.uuid4(), 1, 1, 1, "default", 0, [], {}, now, now, now)
    return RunContext(claim, "default", lambda: None, None)  # type: ignore[arg-type,return-value]


def test_it_is_djangos_context_and_the_current_run(run: Run) -> None:
    result = run(sample.look, 1, a=2)
    told = result.return_value
    assert told["is_djangos"]
    assert told["is_current"]
    assert (told["attempt"], told["status"], told["args"], told["kwargs"]) == (1, "RUNNING", [1, 1], {"a": 2})
    assert told["id"] == told["run_id"] == result.id
    assert [told["worker"]] == result.worker_ids
    assert result.started_at is not None
    assert told["started"] == result.started_at.isoformat()


def test_a_coroutine_has_it_too(run_both_ways: Run) -> None:
    result = run_both_ways(sample.alook)
    assert result.return_value == {"is_current": True, "attempt": 1, "id": result.id}


def test_a_later_attempt_knows_the_earlier_ones(run: Run) -> None:
    result = run(sample.third_time_lucky)
    told = result.return_value
    assert (told["attempts"], told["workers"]) == (3, result.worker_ids)
    assert [text.splitlines()[-1] for text in told["errors"]] == ["ValueError: attempt 1", "ValueError: attempt 2"]


@pytest.mark.parametrize("task", [sample.write_everything, sample.awrite_everything])
def test_progress_log_and_metadata_are_stored(task: FSMTask, run_both_ways: Run) -> None:
    result = run_both_ways(task)
    assert result.status == TaskResultStatus.SUCCESSFUL, result.errors
    row = result.run
    detail = row.detail
    assert (detail.progress_done, detail.progress_total, detail.progress_note) == (3, 10, "three of ten")
    assert row.progress == 30
    assert [line.split(" ", 1)[1] for line in detail.log.splitlines()] == ["INFO first line", "WARNING second line"]
    assert detail.metadata == {"seen": [1, [2], "three"]}


def test_metadata_that_cannot_be_stored_names_the_culprit(run: Run) -> None:
    (error,) = run(sample.refuse_metadata).errors
    assert error.exception_class is UnstorablePayload
    assert "metadata['when'] cannot be stored" in error.traceback


def test_outside_a_run_there_is_none() -> None:
    with pytest.raises(NoCurrentRun, match="current_run\\(\\) works inside a task that a worker runs"):
        contextvars.Context().run(current_run)


def test_a_run_is_not_current_after_its_end(run: Run) -> None:
    here = contextvars.Context()
    here.run(run, sample.look)
    with pytest.raises(NoCurrentRun):
        here.run(current_run)


def test_threads_know_the_run_where_the_context_was_copied(run_both_ways: Run) -> None:
    assert run_both_ways(sample.in_other_threads).return_value == {
        "bare thread": False, "to_thread": True, "coroutine": True, "sync_to_async": True, "here": True
    }  # fmt: skip


def test_a_run_may_ask_to_be_run_again_and_is_not_charged(run: Run) -> None:
    result = run(sample.come_again, 3)
    assert (result.return_value, result.attempts, result.errors) == (3, 1, [])


def test_a_run_that_comes_later_waits(run: Run) -> None:
    result = run(sample.come_later, 3600)
    assert (result.status, result.state, result.attempts) == (TaskResultStatus.READY, "PENDING", 0)
    assert result.run.run_at - result.run.enqueued_at > timedelta(minutes=59)


@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), 1e11, timedelta(days=-1), timedelta.max])
def test_a_delay_is_finite_and_not_negative(delay: Any, lonely: RunContext) -> None:
    with pytest.raises(ValueError, match="A delay is between 0 seconds and 100 years"):
        lonely.reschedule(delay)


@pytest.mark.parametrize("delay", [0, 1.5, timedelta(days=1)])
def test_a_delay_is_seconds_or_a_timedelta(delay: Any, lonely: RunContext) -> None:
    with pytest.raises(RescheduleRequested):
        lonely.reschedule(delay)


@pytest.mark.parametrize("task", [sample.stop_itself, sample.give_up])
def test_a_run_that_stops_was_cancelled(task: FSMTask, run: Run) -> None:
    result = run(task)
    assert (result.state, [error.exception_class for error in result.errors]) == ("CANCELLED", [RunCancelled])


@pytest.mark.parametrize("task", [sample.too_slow, sample.atoo_slow])
def test_a_run_that_takes_too_long_fails(task: FSMTask, run_both_ways: Run) -> None:
    result = run_both_ways(task)
    assert (result.state, [error.exception_class for error in result.errors]) == ("FAILED", [RunTimedOut])
    assert result.errors[0].traceback.endswith("The run took longer than its timeout of 0.05 s.\n")


def test_the_results_of_prerequisites_are_at_hand(run: Run) -> None:
    good, bad = sample.seven.enqueue(), sample.fails.enqueue()
    result = run(sample.report.using(after=[good, (bad, "failed")]))
    expected: list[list[Any]] = [
        [good.id, "tests.context.sample.seven", "DONE", 7, ""],
        [bad.id, "tests.context.sample.fails", "FAILED", None, "builtins.ValueError: no number"],
    ]
    assert sorted(result.return_value) == sorted(expected)


def test_a_run_may_found_a_graph(run: Run) -> None:
    result = run(sample.found_a_graph)
    assert result.return_value == result.id
    assert {str(graph) for graph in TaskRun.objects.values_list("graph", flat=True)} == {result.id}
    assert sample.found_a_graph.get_result(result.id).task == sample.found_a_graph


def test_a_run_that_was_ended_by_somebody_else_writes_nothing_more(run: Run) -> None:
    result = run(sample.lose_it)
    assert (result.state, result.run.progress) == ("ABORTED", None)


# -- stopping -------------------------------------------------------------------------------------------------------


def test_check_costs_nothing_between_two_looks(lonely: RunContext) -> None:
    for _ in range(1000):
        lonely.check()


@pytest.mark.django_db
def test_check_looks_into_the_database_once_a_second(lonely: RunContext, django_assert_num_queries: Any) -> None:
    lonely._looked_at = time.monotonic() - room.LOOK_EVERY
    with django_assert_num_queries(1), pytest.raises(room.OwnershipLost):
        lonely.check()
    with django_assert_num_queries(0):
        lonely.check()


def test_check_in_a_coroutine_does_not_query(lonely: RunContext) -> None:
    async def look() -> None:
        lonely._looked_at = time.monotonic() - 2 * room.LOOK_EVERY
        lonely.check()
        lonely.request_stop("the heartbeat heard it")
        with pytest.raises(CancellationRequested, match="the heartbeat heard it"):
            lonely.check()

    asyncio.run(look())


@pytest.mark.django_db
def test_what_writes_must_be_awaited_in_a_coroutine(lonely: RunContext) -> None:
    async def write() -> None:
        lonely.progress(1, 2)

    with pytest.raises(SynchronousOnlyOperation):
        asyncio.run(write())


def test_a_context_is_a_frozen_dataclass_to_djangos_eyes_only(lonely: RunContext) -> None:
    assert isinstance(lonely, TaskContext)
    lonely.request_stop("it can be told")
    assert lonely.stop_reason == "it can be told"

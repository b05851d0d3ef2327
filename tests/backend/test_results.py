"""What Django's TaskResult says of a run, in each of its states and over all its attempts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import PrerequisiteBroken, RunCancelled, RunFailed, WaitTimeout, WorkerLost
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.worker import Worker
from django_tasks_fsm.results import STATUS, FSMTaskResult
from django_tasks_fsm.task_errors import RunAborted, RunSkipped
from django_tasks_fsm.tasks_api import TaskResultStatus
from tests.backend import sample
from tests.backend.hand import BOOM, Hand

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FAILED, SUCCESSFUL = TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring lost runs back at once: from the second loss on they wait a random time."""
    monkeypatch.setattr("django_tasks_fsm.core.dice.DICE.uniform", lambda low, high: 0.0)


def test_every_state_has_a_status_of_django() -> None:
    assert set(STATUS) == set(RunState)
    assert {state for state, status in STATUS.items() if status == READY} == {
        RunState.PREPARE, RunState.PENDING, RunState.QUEUED
    }  # fmt: skip
    assert [STATUS[state] for state in (RunState.RUNNING, RunState.DONE)] == [RUNNING, SUCCESSFUL]
    assert {state for state, status in STATUS.items() if status == FAILED} == {
        RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED, RunState.ABORTED
    }  # fmt: skip


@pytest.mark.django_db
def test_a_run_goes_from_ready_over_running_to_successful() -> None:
    result, hand = sample.echo.enqueue(1), Hand()
    assert (result.status, result.attempts, result.started_at, result.finished_at) == (READY, 0, None, None)
    with pytest.raises(ValueError, match="Task has not finished yet"):
        _ = result.return_value
    taken = hand.claim()
    result.refresh()
    assert (result.status, result.attempts, result.worker_ids) == (RUNNING, 1, [hand.id])
    assert result.started_at == result.last_attempted_at == taken.started_at
    hand.give(Outcome.done(taken, '{"a": [1]}'))
    result.refresh()
    assert (result.status, result.return_value, result.errors) == (SUCCESSFUL, {"a": [1]}, [])
    assert result.started_at is not None
    assert result.finished_at is not None
    assert result.started_at <= result.finished_at
    assert result.is_finished
    assert result.task == sample.echo


@pytest.mark.django_db
def test_a_failure_has_its_class_and_traceback(burst: Callable[[], None]) -> None:
    result = sample.fail.enqueue("quite wrong")
    burst()
    result.refresh()
    (error,) = result.errors
    assert (result.status, result.state, error.exception_class) == (FAILED, "FAILED", ValueError)
    assert error.traceback.startswith("Traceback (most recent call last):\n")
    assert error.traceback.endswith("ValueError: quite wrong\n")
    assert "django_tasks_fsm" not in error.traceback
    with pytest.raises(ValueError, match="Task failed"):
        _ = result.return_value


@pytest.mark.django_db
@pytest.mark.parametrize(("task", "kind"), [(sample.exit_at_once, SystemExit), (sample.miss_a_row, User.DoesNotExist)])
def test_the_class_of_an_error_resolves(task: FSMTask, kind: type, burst: Callable[[], None]) -> None:
    result = task.enqueue()
    burst()
    result.refresh()
    assert result.errors[0].exception_class is kind


@pytest.mark.django_db
def test_a_result_that_is_not_json_fails_in_djangos_words(burst: Callable[[], None]) -> None:
    result = sample.unstorable.enqueue()
    burst()
    result.refresh()
    (error,) = result.errors
    assert (result.status, error.exception_class) == (FAILED, TypeError)
    assert error.traceback.endswith("TypeError: Unsupported type: <class 'object'>\n")


@pytest.mark.django_db
def test_each_attempt_has_its_worker_and_its_error(burst: Callable[[], None]) -> None:
    result = sample.fail_thrice.enqueue()
    burst()
    result.refresh()
    assert (result.status, result.attempts) == (FAILED, 3)
    assert [error.traceback.splitlines()[-1] for error in result.errors] == [
        "ValueError: attempt 1", "ValueError: attempt 2", "ValueError: attempt 3"
    ]  # fmt: skip
    assert len(set(result.worker_ids)) == 1
    assert result.task == sample.fail_thrice


@pytest.mark.django_db
def test_the_errors_of_earlier_attempts_stay_with_a_success(burst: Callable[[], None]) -> None:
    result = sample.succeed_at_last.enqueue()
    burst()
    result.refresh()
    assert (result.status, result.return_value, result.attempts, len(result.errors)) == (SUCCESSFUL, 3, 3, 2)


@pytest.mark.django_db
def test_a_run_that_waits_for_its_next_attempt_is_ready_with_an_error() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.give(Outcome.retry(hand.claim(), BOOM, timedelta(hours=1)))
    result.refresh()
    assert (result.status, result.state, result.attempts, len(result.errors)) == (READY, "PENDING", 1, 1)
    assert result.last_attempted_at is not None
    assert not result.is_finished


@pytest.mark.django_db
def test_attempts_count_lost_workers_and_retries_but_not_what_was_given_back() -> None:
    result = sample.echo.enqueue()
    dead, second, third, last = Hand(), Hand(), Hand(), Hand()
    dead.claim()
    dead.die()
    second.give(Outcome.released(second.claim(), "it stops"))
    third.give(Outcome.retry(third.claim(), BOOM, timedelta(0)))
    last.give(Outcome.rescheduled(last.claim(), timedelta(0), "later"))
    last.give(Outcome.done(last.claim(), "1"))
    result.refresh()
    assert (result.status, result.attempts) == (SUCCESSFUL, 3)
    assert result.worker_ids == [dead.id, third.id, last.id]
    assert [error.exception_class for error in result.errors] == [WorkerLost, ValueError]
    assert result.attempts == result.run.attempt


@pytest.mark.django_db
def test_a_run_that_kills_its_workers_is_failed_as_poison() -> None:
    result = sample.echo.enqueue()
    for hand in (Hand(), Hand(), Hand()):
        hand.claim()
        hand.die()
    result.refresh()
    assert (result.status, result.attempts) == (FAILED, 3)
    assert [error.exception_class for error in result.errors] == [WorkerLost] * 3
    assert "poison" in result.errors[-1].traceback


@pytest.mark.django_db
def test_a_persons_retry_begins_a_new_life() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.give(Outcome.failed(hand.claim(), BOOM))
    assert result.run.retry(reason="again")
    result.refresh()
    assert (result.status, result.attempts, result.errors, result.finished_at) == (READY, 0, [], None)
    again = Hand()
    again.give(Outcome.done(again.claim(), "null"))
    result.refresh()
    assert (result.status, result.worker_ids, result.return_value, result.errors) == (SUCCESSFUL, [again.id], None, [])


@pytest.mark.django_db
@pytest.mark.parametrize(("verb", "kind"), [("cancel", RunCancelled), ("abort", RunAborted)])
def test_a_run_that_a_person_ended_failed_with_a_telling_error(verb: str, kind: type) -> None:
    result = sample.echo.enqueue()
    assert getattr(result.run, verb)(reason="nobody needs it")
    result.refresh()
    (error,) = result.errors
    assert (result.status, result.attempts, error.exception_class) == (FAILED, 0, kind)
    assert error.traceback == f"{kind.__name__}: nobody needs it\n"
    assert result.started_at is None
    assert result.finished_at is not None


@pytest.mark.django_db
def test_a_run_that_was_skipped_failed_with_a_telling_error() -> None:
    from django_tasks_fsm.models.actor import Actor
    from django_tasks_fsm.models.run_verbs import move_runs
    from django_tasks_fsm.models.transitions import Change

    result = sample.echo.enqueue()
    in_transaction(lambda: move_runs([result.run.pk], Change("skip", Actor.system(), "too late"), "default"), "default")
    result.refresh()
    assert (result.status, result.state, result.errors[0].exception_class) == (FAILED, "SKIPPED", RunSkipped)


@pytest.mark.django_db
def test_a_run_that_its_prerequisite_s_policy_failed_says_so(burst: Callable[[], None]) -> None:
    result = sample.echo.using(after=[(sample.fail.enqueue(), "done", "fail")]).enqueue()
    burst()
    result.refresh()
    (error,) = result.errors
    assert (result.state, error.exception_class) == ("FAILED", PrerequisiteBroken)
    assert "ended as FAILED" in error.traceback


@pytest.mark.django_db
def test_a_run_aborted_after_its_failure_tells_both() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.give(Outcome.failed(hand.claim(), BOOM))
    assert result.run.abort(reason="for good")
    result.refresh()
    assert [error.exception_class for error in result.errors] == [ValueError, RunAborted]


@pytest.mark.django_db
def test_a_running_run_that_obeys_a_request_was_cancelled() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    taken = hand.claim()
    result.run.cancel(reason="stop it")
    hand.give(Outcome.cancelled(taken, "a person asked for it"))
    result.refresh()
    assert (result.status, result.state, result.worker_ids) == (FAILED, "CANCELLED", [hand.id])
    assert [error.exception_class for error in result.errors] == [RunCancelled]


@pytest.mark.django_db
def test_wait_returns_the_value_and_refreshes_the_result(burst: Callable[[], None]) -> None:
    result = sample.echo.enqueue(1)
    burst()
    assert result.wait(timeout=5) == {"args": [1], "kwargs": {}}
    assert result.status == SUCCESSFUL


@pytest.mark.django_db
def test_wait_for_a_failure_raises_and_refreshes_the_result(burst: Callable[[], None]) -> None:
    result = sample.fail.enqueue()
    burst()
    with pytest.raises(RunFailed, match=r"ended as FAILED: builtins\.ValueError: wrong"):
        result.wait(timeout=5)
    assert result.status == FAILED


@pytest.mark.django_db
def test_wait_gives_up() -> None:
    with pytest.raises(WaitTimeout, match="was still QUEUED"):
        sample.echo.enqueue().wait(timeout=0)


@pytest.mark.django_db
def test_a_run_that_has_not_begun_is_read_in_one_query(django_assert_num_queries: Any) -> None:
    result = sample.echo.enqueue()
    with django_assert_num_queries(1):
        sample.echo.get_result(result.id)


@pytest.mark.django_db
def test_a_worker_that_is_gone_from_the_table_is_still_named() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.give(Outcome.done(hand.claim(), "1"))
    Worker.objects.all().delete()
    assert sample.echo.get_result(result.id).worker_ids == [hand.id]


@pytest.mark.django_db
def test_reading_a_result_locks_and_writes_nothing() -> None:
    result, hand = sample.echo.enqueue(), Hand()
    hand.claim()
    with CaptureQueriesContext(connection) as queries:
        assert isinstance(sample.echo.get_result(result.id), FSMTaskResult)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]

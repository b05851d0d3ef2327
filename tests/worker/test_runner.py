from __future__ import annotations

import asyncio
import contextvars
import json
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError

from django_tasks_fsm import task
from django_tasks_fsm.context import NoCurrentRun, current_run
from django_tasks_fsm.core.outcomes import Ending, Outcome
from django_tasks_fsm.exceptions import CancellationRequested, OwnershipLost, RescheduleRequested
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import TaskResult
from django_tasks_fsm.worker.handback import LONGEST, SHORTEST
from django_tasks_fsm.worker.runner import job_for, run, run_async
from tests.worker.claims import claim, job


@task(backoff=lambda error, result: len(result.errors))
def patient():
    raise ValueError("once more")


@task
def give(value=None):
    return value


@task
def take_two(one, two):
    return [one, two]


@task
def mistype():
    return 1 + "1"  # type: ignore[operator]


@task
def throw(kind="ValueError", *args):
    errors = [Exception, SystemExit, KeyboardInterrupt, GeneratorExit, BaseException, StopIteration, MemoryError]
    known = {error.__name__: error for error in [*errors, asyncio.CancelledError, ValueError, RecursionError]}
    raise known[kind](*args)


@task
async def athrow(kind="ValueError", *args):
    await asyncio.sleep(0)
    throw.func(kind, *args)


@task(takes_context=True)
def with_context(context, word):
    assert current_run() is context
    return [word, context.attempt, str(context.run_id)]


@task(takes_context=True)
def again(context, delay):
    context.reschedule(delay)


@task
def cancel_myself():
    raise CancellationRequested("not worth it")


@task
def say_it_is_lost():
    raise OwnershipLost("gone")


@task
def ask_for(delay):
    raise RescheduleRequested(delay)


@task(takes_context=True)
def check(context):
    while True:
        context.check()


@task
async def sleep_for_ever():
    await asyncio.Event().wait()


@task
async def turn_cancellation_into_an_error():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise ValueError("in the middle") from None


@task
async def aspin(seconds):
    await asyncio.sleep(seconds)
    return "in time"


def end(task, *args, **policy):
    prepared = job(task, *args, **policy)
    if prepared.is_async:
        return asyncio.run(run_async(prepared))
    return contextvars.Context().run(run, prepared)


def test_what_is_returned_is_the_result():
    outcome = end(give, {"a": [1, 2.5, None, True, "é"]})
    assert outcome.ending is Ending.DONE
    assert json.loads(outcome.result_json) == {"a": [1, 2.5, None, True, "é"]}


def test_the_context_comes_first_and_is_current():
    outcome = end(with_context, "word", attempt=3)
    assert json.loads(outcome.result_json) == ["word", 3, str(outcome.claim.id)]
    assert outcome.failure is None


def test_outside_a_run_there_is_no_current_one():
    with pytest.raises(NoCurrentRun):
        current_run()


@pytest.mark.fault("F15")
def test_an_exception_with_attempts_left_is_retried():
    outcome = end(throw, "ValueError", "bad", max_attempts=2)
    assert outcome.ending is Ending.RETRY
    assert outcome.delay > timedelta(0)
    assert outcome.failure.message == "bad"


@pytest.mark.fault("F15")
def test_an_attempt_is_retried_though_the_database_is_away_that_backoff_would_look_into():
    def away() -> TaskResult:
        raise OperationalError("the server closed the connection")

    unlucky = job(patient, attempt=2, max_attempts=3)
    unlucky.context._make_result = away
    outcome = contextvars.Context().run(run, unlucky)
    assert outcome.ending is Ending.RETRY
    assert "backoff raised OperationalError" in outcome.reason


def test_the_last_attempt_fails():
    outcome = end(throw, attempt=2, max_attempts=2)
    assert outcome.ending is Ending.FAILED
    assert isinstance(outcome.exception, ValueError)


def test_the_traceback_begins_in_the_author_s_code():
    shown = end(throw, "ValueError", "bad").failure.traceback
    assert "in throw" in shown
    assert "worker/runner.py" not in shown


NOT_WORTH_ANOTHER_ATTEMPT = ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException", "CancelledError"]


@pytest.mark.fault("F16", "F17", "F18", "F19")
@pytest.mark.parametrize("kind", NOT_WORTH_ANOTHER_ATTEMPT)
@pytest.mark.parametrize("task", [throw, athrow], ids=["function", "coroutine"])
def test_what_ends_programs_ends_only_the_attempt(task, kind):
    outcome = end(task, kind, max_attempts=3)
    assert outcome.ending is Ending.FAILED
    assert outcome.failure.exception.endswith(kind)


@pytest.mark.fault("F20")
@pytest.mark.parametrize("kind", ["StopIteration", "RecursionError", "MemoryError"])
@pytest.mark.parametrize("task", [throw, athrow], ids=["function", "coroutine"])
def test_errors_that_machinery_uses_itself_are_errors(task, kind):
    outcome = end(task, kind, max_attempts=3)
    assert outcome.ending is Ending.RETRY
    # Python itself turns a StopIteration that leaves a coroutine into a RuntimeError.
    assert outcome.failure.exception.endswith("RuntimeError" if (task, kind) == (athrow, "StopIteration") else kind)


@pytest.mark.fault("F71")
@pytest.mark.parametrize("args", [(), (1,), (1, 2, 3)])
def test_arguments_that_do_not_fit_fail_without_another_attempt(args):
    outcome = end(take_two, *args, max_attempts=5)
    assert outcome.ending is Ending.FAILED
    assert outcome.reason == "the arguments do not fit the function"


def test_a_type_error_inside_the_function_is_an_ordinary_one():
    assert end(mistype, max_attempts=5).ending is Ending.RETRY


def test_an_exception_cancels_where_the_task_says_so():
    outcome = end(throw, max_attempts=5, cancel_on_exception=True)
    assert outcome.ending is Ending.CANCELLED
    assert outcome.failure.exception == "builtins.ValueError"


def test_a_task_may_cancel_itself():
    outcome = end(cancel_myself, max_attempts=5)
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "not worth it")


def test_a_run_that_belongs_to_another_is_let_go():
    assert end(say_it_is_lost).ending is Ending.RELEASED


def test_a_run_reschedules_itself():
    outcome = end(again, 2.5)
    assert (outcome.ending, outcome.delay) == (Ending.RESCHEDULED, timedelta(seconds=2.5))


@pytest.mark.fault("F36")
@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf"), 1e12, "soon", None])
def test_a_delay_that_is_no_delay_is_the_function_s_error(delay):
    assert end(again, delay).ending is Ending.FAILED


@pytest.mark.fault("F36")
@pytest.mark.parametrize("delay", [float("nan"), float("inf"), 1e300, "soon", None])
def test_a_hand_made_reschedule_with_nonsense_fails(delay):
    assert end(ask_for, delay).ending is Ending.FAILED


@pytest.mark.fault("F30")
def test_a_function_past_its_timeout_is_told_when_it_asks():
    outcome = end(check, timeout=0.02)
    assert outcome.ending is Ending.FAILED
    assert outcome.failure.exception == "django_tasks_fsm.exceptions.RunTimedOut"


def test_time_before_the_call_does_not_count_towards_the_timeout(monkeypatch):
    prepared = job(with_context, "in time", timeout=50.0)
    monkeypatch.setattr("django_tasks_fsm.context.time.monotonic", lambda now=1e6: now)
    assert run(prepared).ending is Ending.DONE
    prepared.context.check()


@pytest.mark.fault("F30")
def test_a_coroutine_past_its_timeout_is_cancelled():
    outcome = end(sleep_for_ever, timeout=0.02, max_attempts=2)
    assert outcome.ending is Ending.RETRY
    assert outcome.failure.exception == "django_tasks_fsm.exceptions.RunTimedOut"
    assert "0.02 s" in outcome.failure.message
    assert "in sleep_for_ever" in outcome.failure.traceback


def test_a_coroutine_in_time_is_not():
    assert end(aspin, 0, timeout=30.0).ending is Ending.DONE


def test_a_timeout_error_of_the_function_s_own_is_not_ours():
    outcome = end(turn_cancellation_into_an_error, timeout=0.02)
    assert outcome.failure.exception == "builtins.ValueError"


def test_a_coroutine_cancelled_from_outside_says_who_asked():
    prepared = job(sleep_for_ever)

    async def interrupted():
        running = asyncio.create_task(run_async(prepared))
        await asyncio.sleep(0)
        prepared.context.request_stop("the worker stops")
        running.cancel()
        return await running

    outcome = asyncio.run(interrupted())
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "the worker stops")


def never(*args):
    raise AssertionError("no result is asked for")


@pytest.mark.fault("F69")
def test_an_unknown_function_waits_for_a_deploy_that_knows_it():
    outcome = job_for(claim(), Definition(1, "x", "gone.away", 1, None, False), "default", uuid.uuid4(), never)
    assert isinstance(outcome, Outcome)
    assert outcome.ending is Ending.RESCHEDULED
    assert timedelta(seconds=SHORTEST) <= (outcome.delay or timedelta()) <= timedelta(seconds=LONGEST)
    assert "'gone.away'" in outcome.reason


@pytest.mark.fault("F28")
def test_a_result_is_held_to_the_limit_of_the_settings(settings):
    settings.TASKS = {"default": {**settings.TASKS["default"], "OPTIONS": {"MAX_PAYLOAD_BYTES": 100}}}
    outcome = run(job(give, "x" * 200))
    assert json.loads(outcome.result_json or "") == {"left_out": "202 bytes"}


@task(cancel_on_result=lambda result: result["found"] == 0)
def search(found):
    return {"found": found} if found is not None else []


def test_a_result_may_cancel_its_run_and_is_not_kept():
    outcome = run(job(search, 0))
    assert (outcome.ending, outcome.result_json, outcome.reason) == (Ending.CANCELLED, None, "its result cancels it")
    assert run(job(search, 3)).result_json == '{"found":3}'


def test_a_result_that_cannot_be_judged_fails_its_run_for_good():
    outcome = run(job(search, None, max_attempts=5))
    assert outcome.ending is Ending.FAILED
    assert outcome.failure is not None
    assert outcome.failure.exception == "builtins.TypeError"
    assert outcome.reason == "cancel_on_result could not judge the result"

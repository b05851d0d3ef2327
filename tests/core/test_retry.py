from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_tasks_fsm.core.retry import LONGEST, Decision, InvalidRetryPolicy, RetryPolicy, decide, default_delay
from tests.properties import examples

FAILURE = ValueError("boom")
FIVE = RetryPolicy(max_attempts=5, jitter="none")
FIRST_DELAY = timedelta(seconds=5)


def ask(answer: Any) -> Decision:
    return decide(FIVE, 1, FAILURE, None, lambda exception, result: answer, Random(1))


def test_by_default_there_is_one_attempt():
    assert decide(RetryPolicy(), 1, FAILURE, None, None, Random(1)) == Decision(None, "Attempt 1 of 1 failed.")


def test_the_last_attempt_is_not_followed_by_another():
    assert decide(FIVE, 4, FAILURE, None, None, Random(1)).delay is not None
    assert decide(FIVE, 5, FAILURE, None, None, Random(1)).delay is None
    assert decide(FIVE, 5, FAILURE, None, lambda exception, result: 1, Random(1)).delay is None


def test_the_delay_doubles_up_to_the_longest():
    policy = RetryPolicy(base=timedelta(minutes=10), jitter="none")
    delays = [default_delay(policy, attempt, Random(1)) for attempt in (1, 2, 3, 4, 10**6)]
    assert [delay.total_seconds() / 60 for delay in delays] == [10, 20, 40, 60, 60]


@pytest.mark.parametrize(("jitter", "low", "high"), [("equal", 20, 40), ("full", 0, 40), ("none", 40, 40)])
def test_jitter_stays_in_its_range_and_uses_it(jitter, low, high):
    policy = RetryPolicy(jitter=jitter)
    rng = Random(1)
    delays = [default_delay(policy, 4, rng).total_seconds() for _ in range(200)]
    assert low <= min(delays) <= low + 2
    assert high - 2 <= max(delays) <= high


def test_the_same_random_source_gives_the_same_delay():
    policy = RetryPolicy(max_attempts=3)
    one, two = (decide(policy, 2, FAILURE, None, None, Random(7)) for _ in range(2))
    assert one == two


def test_a_base_of_zero_retries_at_once():
    assert default_delay(RetryPolicy(base=timedelta(0)), 9, Random(1)) == timedelta(0)


def test_only_the_exceptions_of_the_policy_are_retried():
    policy = RetryPolicy(5, retry_on=(OSError,), give_up_on=(FileNotFoundError,))
    assert decide(policy, 1, TimeoutError(), None, None, Random(1)).delay is not None
    assert "retry_on" in decide(policy, 1, FAILURE, None, None, Random(1)).note
    assert "give_up_on" in decide(policy, 1, FileNotFoundError(), None, None, Random(1)).note
    assert decide(policy, 1, FileNotFoundError(), None, lambda exception, result: 1, Random(1)).delay is None


def test_an_exit_is_not_retried_unless_asked_for():
    assert decide(FIVE, 1, SystemExit(), None, None, Random(1)).delay is None


def test_an_attempt_that_was_lost_is_retried():
    assert decide(FIVE, 1, None, None, None, Random(1)).delay == FIRST_DELAY


@pytest.mark.parametrize("answer", [90, 90.0, timedelta(seconds=90)])
def test_backoff_may_answer_seconds_or_a_timedelta(answer):
    assert ask(answer) == Decision(timedelta(seconds=90), "backoff returned 90 s.")


def test_backoff_is_given_the_exception_and_the_result():
    seen = []
    decide(FIVE, 1, FAILURE, "result", lambda exception, result: seen.append((exception, result)), Random(1))
    assert seen == [(FAILURE, "result")]


def test_backoff_may_end_the_retries():
    assert ask(None) == Decision(None, "backoff returned None.")


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), SystemExit(3), KeyError(), RecursionError()])
def test_a_backoff_that_raises_does_not_lose_the_run(error):
    def backoff(exception: object, result: object) -> int:
        raise error

    found = decide(FIVE, 1, FAILURE, None, backoff, Random(1))
    assert found.delay == FIRST_DELAY
    assert type(error).__name__ in found.note


async def asynchronous() -> int:
    return 5


@pytest.mark.parametrize(
    "answer", [True, float("nan"), "5", b"", [], Decimal(5), datetime(9999, 1, 1), object(), asynchronous]
)
def test_nonsense_falls_back_to_the_default_and_says_so(answer):
    found = ask(answer() if answer is asynchronous else answer)
    assert found.delay == FIRST_DELAY
    assert "no number of seconds; used the default delay" in found.note


@pytest.mark.parametrize("answer", [-1, -0.5, float("-inf"), timedelta(days=-9), -(10**400)])
def test_a_negative_delay_is_none_at_all(answer):
    found = ask(answer)
    assert found.delay == timedelta(0)
    assert "less than nothing" in found.note


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    "answer", [float("inf"), 1e300, 10**5000, timedelta.max, timedelta(days=8000 * 365)], ids=lambda answer: "long"
)
def test_a_delay_beyond_the_calendar_is_cut_to_a_year(answer):
    found = ask(answer)
    assert found.delay == LONGEST
    assert "used a year" in found.note


@examples(80)
@given(st.one_of(st.floats(), st.integers(), st.timedeltas(), st.text(), st.booleans()))
def test_any_answer_gives_a_delay_within_a_year(answer):
    found = ask(answer)
    assert found.delay is not None
    assert timedelta(0) <= found.delay <= LONGEST


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"max_attempts": 0}, "max_attempts is 0"),
        ({"max_attempts": 2.5}, "max_attempts is 2.5"),
        ({"max_attempts": True}, "max_attempts is True"),
        ({"base": -FIRST_DELAY}, "base is"),
        ({"base": 5}, "base is 5"),
        ({"max_delay": timedelta(days=400)}, "max_delay is"),
        ({"jitter": "some"}, "must be one of: equal, full, none"),
        ({"retry_on": ValueError}, "retry_on is"),
        ({"give_up_on": ("ValueError",)}, "give_up_on is"),
    ],
)
def test_a_bad_policy_is_named(options, problem):
    with pytest.raises(InvalidRetryPolicy, match=problem):
        RetryPolicy(**options)

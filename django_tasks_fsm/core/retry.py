"""Whether a failed attempt is followed by another, and when."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Literal, TypeAlias, get_args

from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import TasksFSMError

Jitter = Literal["equal", "full", "none"]
JITTERS: tuple[Jitter, ...] = get_args(Jitter)

Backoff: TypeAlias = Callable[[BaseException | None, Any], float | timedelta | None]
"""``backoff(exception, result)``: seconds or a timedelta until the next attempt, None for no other attempt."""

ExceptionTypes: TypeAlias = tuple[type[BaseException], ...]

LONGEST = timedelta(days=365)
"""No delay is longer, whatever a backoff function answers."""


class InvalidRetryPolicy(TasksFSMError, ValueError):
    """Say which setting for retries cannot be used."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often to try, after which exceptions, and how long to wait.

    Attempt n is followed by a wait of ``base * 2 ** (n - 1)``, at most ``max_delay``. Jitter keeps runs that failed
    together apart: ``equal`` waits for half to all of it, ``full`` for none to all of it. ``give_up_on`` wins over
    ``retry_on``.
    """

    max_attempts: int = 1
    base: timedelta = timedelta(seconds=5)
    max_delay: timedelta = timedelta(hours=1)
    jitter: Jitter = "equal"
    retry_on: ExceptionTypes = (Exception,)
    give_up_on: ExceptionTypes = ()

    def __post_init__(self) -> None:
        if type(self.max_attempts) is not int or self.max_attempts < 1:
            raise InvalidRetryPolicy(f"max_attempts is {quoted(self.max_attempts)}, but must be 1 or more.")
        for name in ("base", "max_delay"):
            value = getattr(self, name)
            if not (isinstance(value, timedelta) and timedelta(0) <= value <= LONGEST):
                raise InvalidRetryPolicy(f"{name} is {quoted(value)}, but must be a timedelta from 0 to a year.")
        if self.jitter not in JITTERS:
            raise InvalidRetryPolicy(f"jitter is {quoted(self.jitter)}, but must be one of: {', '.join(JITTERS)}.")
        for name in ("retry_on", "give_up_on"):
            _check_types(name, getattr(self, name))


@dataclass(frozen=True)
class Decision:
    """How long to wait for the next attempt (None: there is none), and why, for the record."""

    delay: timedelta | None
    note: str


def decide(
    policy: RetryPolicy,
    attempt: int,
    exception: BaseException | None,
    result: Any,
    backoff: Backoff | None,
    rng: Random,
) -> Decision:
    """Decide after the failure of ``attempt`` (from 1); ``exception`` is None for an attempt that was lost.

    Never raises, and never ends a run because its ``backoff`` is faulty: the default delay is used then, and the note
    says so. The number that ``backoff`` answers is not bounded by ``max_delay``.
    """
    if attempt >= policy.max_attempts:
        return Decision(None, f"Attempt {attempt} of {policy.max_attempts} failed.")
    if exception is not None and isinstance(exception, policy.give_up_on):
        return Decision(None, f"{type(exception).__name__} is one of the exceptions in give_up_on.")
    if exception is not None and not isinstance(exception, policy.retry_on):
        return Decision(None, f"{type(exception).__name__} is none of the exceptions in retry_on.")
    default = default_delay(policy, attempt, rng)
    if backoff is None:
        return Decision(default, f"Attempt {attempt} of {policy.max_attempts} failed.")
    return _ask(backoff, exception, result, default)


def default_delay(policy: RetryPolicy, attempt: int, rng: Random) -> timedelta:
    """Return the exponential delay after ``attempt``, with jitter."""
    seconds = policy.base.total_seconds() * 2.0 ** min(attempt - 1, 1000)  # a float: no attempt makes it overflow
    full = timedelta(seconds=min(seconds, policy.max_delay.total_seconds()))
    if policy.jitter == "none":
        return full
    return full * rng.random() if policy.jitter == "full" else full / 2 + full / 2 * rng.random()


def _ask(backoff: Backoff, exception: BaseException | None, result: Any, default: timedelta) -> Decision:
    try:
        answer: object = backoff(exception, result)
    except BaseException as error:  # a SystemExit here would end the worker, and leave the run to be rescued
        return Decision(default, f"backoff raised {quoted(error)}; used the default delay.")
    if answer is None:
        return Decision(None, "backoff returned None.")
    return _clamped(answer, default)


def _clamped(answer: object, default: timedelta) -> Decision:
    if inspect.iscoroutine(answer):
        answer.close()  # an async function: Python would warn that nobody awaited it
    if isinstance(answer, timedelta):
        answer = answer.total_seconds()
    if isinstance(answer, bool) or not isinstance(answer, int | float) or answer != answer:  # only NaN is not itself
        return Decision(default, f"backoff returned {quoted(answer)}, no number of seconds; used the default delay.")
    if answer < 0:
        return Decision(timedelta(0), f"backoff returned {quoted(answer)}, less than nothing; used 0 seconds.")
    if answer > LONGEST.total_seconds():
        return Decision(LONGEST, f"backoff returned {quoted(answer)}, more than a year; used a year.")
    return Decision(timedelta(seconds=answer), f"backoff returned {answer:g} s.")


def _check_types(name: str, types: object) -> None:
    if not isinstance(types, tuple) or not all(
        isinstance(each, type) and issubclass(each, BaseException) for each in types
    ):
        raise InvalidRetryPolicy(f"{name} is {quoted(types)}, but must be a tuple of exception classes.")

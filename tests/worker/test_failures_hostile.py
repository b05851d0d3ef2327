"""Exceptions that raise when they are looked at, and those without end: a short record, at once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from django_tasks_fsm.core.payload import TEXT_LIMIT
from django_tasks_fsm.worker.failures import describe


def raising(self: Any, *args: Any) -> Any:
    raise SystemExit("hostile")


class Nameless(type):
    """Makes classes that do not tell their names."""

    def __getattribute__(cls, name: str) -> Any:
        if name == "__subclasses__":  # libraries walk through all exceptions when they are imported
            return super().__getattribute__(name)
        raise SystemExit(name)


def chain(length: int) -> BaseException:
    error: BaseException = ValueError("first")
    for number in range(length):
        error, error.__cause__ = ValueError(str(number)), error
    return error


def nested(depth: int) -> BaseException:
    error: Exception = ValueError("innermost")
    for _ in range(depth):
        error = ExceptionGroup("group", [error])
    return error


def noted() -> BaseException:
    error = ValueError("noted")
    for _ in range(20_000):
        error.add_note("\x00" * 100)
    return error


def secret() -> BaseException:
    def deep(password: str) -> None:
        raise ValueError("it failed")

    try:
        deep("hunter" + "2")
    except ValueError as error:
        return error
    raise AssertionError


HOSTILE = [
    type("Mute", (Exception,), {"__str__": raising, "__repr__": raising})(),
    type("Blind", (Exception,), {"__getattribute__": raising})(),
    type("Trace", (Exception,), {"__traceback__": property(raising), "__cause__": property(raising)})(),
    type("Notes", (Exception,), {"__notes__": property(raising)})(),
    Nameless("Nameless", (Exception,), {})(),
    type("Odd", (Exception,), {"__module__": None})(),
    ValueError("\x00\ud800"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_cannot_be_looked_at_is_recorded_nevertheless(number: int) -> None:
    told = describe(HOSTILE[number])
    assert told.exception
    assert told.traceback
    assert "\x00" not in told.exception + told.message + told.traceback
    (told.exception + told.message + told.traceback).encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: chain(20_000),
        lambda: nested(900),
        lambda: ExceptionGroup("wide", [ValueError(str(number)) for number in range(10_000)]),
        lambda: ValueError("x" * 50_000_000),
        noted,
    ],
    ids=["chain", "nested", "wide", "long", "noted"],
)
def test_what_has_no_end_is_cut_at_once(make: Any) -> None:
    error = make()
    began = time.process_time()
    told = describe(error)
    assert time.process_time() - began < 5
    assert len(told.message) <= 2_000
    assert len(told.traceback) <= TEXT_LIMIT


def test_the_values_of_variables_are_not_told() -> None:
    assert "hunter2" not in describe(secret()).traceback

"""Values and exceptions made to break whoever looks at them: the run ends, the thread lives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.core.payload import MAX_BYTES
from django_tasks_fsm.worker.runner import run, run_async
from tests.worker.claims import job


class HidesItsTraceback(Exception):
    @property
    def __traceback__(self):  # type: ignore[override]
        raise RuntimeError("no traceback")


class HidesItsClass(Exception):
    @property  # type: ignore[misc]
    def __class__(self):
        raise SystemExit("no class")


class HidesItsName(type):
    def __getattribute__(cls, name):
        if name in ("__qualname__", "__module__", "__name__"):
            raise KeyboardInterrupt
        return super().__getattribute__(name)


class Nameless(Exception, metaclass=HidesItsName):
    pass


class LiesAboutItsItems(Mapping):
    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        raise SystemExit(1)

    def __len__(self):
        return 1


def cyclic():
    value: list[object] = []
    value.append(value)
    return value


def deep():
    value: list[object] = []
    for _ in range(5_000):
        value = [value]
    return value


VALUES = {
    "set": lambda: {1},
    "object": object,
    "generator": lambda: (number for number in range(3)),
    "function": lambda: len,
    "bytes that are not text": lambda: b"\xff\xfe",
    "key that is a tuple": lambda: {(1, 2): 3},
    "mapping that raises": LiesAboutItsItems,
    "NaN": lambda: [float("nan"), float("inf"), -float("inf"), -0.0],
    "huge number": lambda: 10**5000,
    "NUL": lambda: {"a\x00b": "c\x00d"},
    "surrogate": lambda: {"\ud800": ["\udcff"]},
    "cyclic": cyclic,
    "deep": deep,
    "20 MB": lambda: "x" * 20_000_000,
    "20 MB of parts": lambda: [0] * 10_000_000,
    "keys that collide": lambda: {1: "a", "1": "b"},
}
ERRORS = {
    "hides its traceback": HidesItsTraceback,
    "hides its class": HidesItsClass,
    "hides its name": Nameless,
}
REFUSED = {
    "set", "object", "generator", "function", "bytes that are not text", "key that is a tuple", "keys that collide",
    "mapping that raises",
}  # fmt: skip
"""Not retried: the work was done, and another attempt would repeat it and return the same."""


@task
def give(name):
    return VALUES[name]()


@task
def throw(name):
    raise ERRORS[name]()


@task
async def athrow(name):
    raise ERRORS[name]()


def end(task, name):
    prepared = job(task, name, max_attempts=3)
    return asyncio.run(run_async(prepared)) if prepared.is_async else run(prepared)


@pytest.mark.fault("F23", "F24", "F25", "F26", "F27", "F28")
@pytest.mark.parametrize("name", VALUES)
def test_any_value_ends_the_run_with_what_every_database_stores(name):
    outcome = end(give, name)
    assert outcome.ending is (Ending.FAILED if name in REFUSED else Ending.DONE)
    stored = outcome.result_json or "null"
    json.loads(stored, parse_constant=pytest.fail)
    assert len(stored.encode()) <= MAX_BYTES
    assert "\\u0000" not in stored


@pytest.mark.fault("F23")
@pytest.mark.parametrize("name", sorted(REFUSED - {"mapping that raises", "keys that collide"}))
def test_a_result_that_is_not_json_fails_in_django_s_words(name):
    failure = end(give, name).failure
    assert failure.exception == "builtins.TypeError"
    assert failure.message.startswith("Unsupported")


@pytest.mark.fault("F21")
@pytest.mark.parametrize("task", [throw, athrow], ids=["function", "coroutine"])
@pytest.mark.parametrize("name", ERRORS)
def test_any_exception_gives_an_outcome(task, name):
    outcome = end(task, name)
    assert outcome.ending in (Ending.FAILED, Ending.RETRY)
    assert isinstance(outcome.failure.exception, str)

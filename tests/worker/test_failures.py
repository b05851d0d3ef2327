from __future__ import annotations

import pytest

from django_tasks_fsm.core.payload import TEXT_LIMIT
from django_tasks_fsm.worker.failures import describe


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("not telling")

    __repr__ = __str__


class Deadly(Exception):
    def __str__(self):
        raise SystemExit(3)


class TwoArguments(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


class Outer:
    class Inner(Exception):
        pass


def raised(error):
    try:
        raise error
    except BaseException as caught:
        return caught


def test_an_exception_is_its_path_its_words_and_its_traceback():
    failure = describe(raised(ValueError("no such café")), "why")
    assert (failure.exception, failure.message, failure.reason) == ("builtins.ValueError", "no such café", "why")
    assert failure.traceback.startswith("Traceback (most recent call last):")
    assert failure.traceback.endswith("ValueError: no such café\n")


def test_a_nested_class_keeps_its_whole_path():
    assert describe(Outer.Inner()).exception == f"{__name__}.Outer.Inner"


@pytest.mark.fault("F21")
@pytest.mark.parametrize("error", [Unprintable(), Deadly(), TwoArguments(1, 2)], ids=lambda error: type(error).__name__)
def test_an_exception_that_will_not_be_printed_is_described(error):
    failure = describe(raised(error))
    assert failure.exception == f"{__name__}.{type(error).__name__}"
    assert failure.traceback


@pytest.mark.fault("F22", "F84")
def test_locals_with_secrets_stay_out():
    def sign(password):
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused") as caught:
        sign("hunter" + "2")
    assert "hunter2" not in describe(caught.value).traceback


@pytest.mark.fault("F22")
def test_a_chain_of_a_thousand_causes_is_cut():
    error = ValueError("the last")
    for number in range(1000):
        cause, error = error, ValueError(f"number {number}")
        error.__cause__ = cause
    assert len(describe(error).traceback) <= TEXT_LIMIT + 100


@pytest.mark.fault("F22")
def test_a_chain_that_bites_its_tail_ends():
    first, second = ValueError("one"), ValueError("two")
    first.__context__, second.__context__ = second, first
    assert "ValueError: one" in describe(first).traceback


def test_a_group_shows_its_members():
    group = ExceptionGroup("both", [ValueError("one"), ExceptionGroup("inner", [KeyError("two")])])
    assert all(words in describe(group).traceback for words in ("both", "ValueError: one", "KeyError: 'two'"))


@pytest.mark.fault("F22")
def test_a_group_of_twenty_thousand_is_cut():
    error = raised(ExceptionGroup("many", [ValueError(str(number)) for number in range(20_000)]))
    assert len(describe(error).traceback) <= TEXT_LIMIT + 100


@pytest.mark.fault("F20", "F22")
def test_endless_recursion_is_cut():
    def again():
        again()

    with pytest.raises(RecursionError) as caught:
        again()
    assert len(describe(caught.value).traceback) <= TEXT_LIMIT + 100


@pytest.mark.fault("F22")
def test_a_message_of_twenty_megabytes_is_cut():
    failure = describe(raised(ValueError("x" * 20_000_000)))
    assert len(failure.message) < 3_000
    assert len(failure.traceback) <= TEXT_LIMIT + 100


@pytest.mark.fault("F25", "F26")
@pytest.mark.parametrize("text", ["a\x00b", "lone \ud800 surrogate", "\udcff"], ids=["NUL", "high", "low"])
def test_what_databases_refuse_is_replaced(text):
    failure = describe(raised(ValueError(text)))
    for stored in (failure.message, failure.traceback):
        assert "\x00" not in stored
        stored.encode()

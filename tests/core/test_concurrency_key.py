from __future__ import annotations

import pytest

from django_tasks_fsm.core.concurrency_key import concurrency_key, problem
from django_tasks_fsm.core.made_keys import LONGEST
from django_tasks_fsm.exceptions import InvalidLimit


@pytest.mark.parametrize("key", [None, "a", "x" * LONGEST, len])
def test_what_can_be_declared(key):
    assert problem(key) == ""


@pytest.mark.parametrize("key", ["", "x" * (LONGEST + 1), "a\x00b", 7, ("a",)])
def test_what_cannot_be_declared_is_named(key):
    assert repr(key) in problem(key)


def test_a_text_is_the_key_and_a_function_gets_the_arguments():
    assert concurrency_key("a", [1], {}) == "a"
    assert concurrency_key(lambda x, y: f"{x}-{y}", [1], {"y": 2}) == "1-2"
    assert concurrency_key(lambda: None, [], {}) is None
    assert concurrency_key(None, [1], {}) is None


@pytest.mark.parametrize("value", ["", 7, "x" * (LONGEST + 1), "a\nb"])
def test_a_function_that_gives_no_key_is_an_error_that_shows_what_it_gave(value):
    with pytest.raises(InvalidLimit, match="returned"):
        concurrency_key(lambda: value, [], {})


def test_a_function_that_raises_is_named_with_its_error():
    with pytest.raises(InvalidLimit, match="raised ZeroDivisionError"):
        concurrency_key(lambda: str(1 / 0), [], {})

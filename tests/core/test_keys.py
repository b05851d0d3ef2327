from __future__ import annotations

import pytest

from django_tasks_fsm.core.keys import key_of, trigger_key
from django_tasks_fsm.exceptions import InvalidKey


def test_a_text_is_the_key_and_a_function_makes_it_of_the_arguments():
    assert key_of("k", [1], {}) == "k"
    assert key_of(None, [1], {}) is None
    assert key_of(lambda user, **rest: f"sync {user}", [7], {"a": 1}) == "sync 7"
    assert key_of(lambda: None, [], {}) is None


@pytest.mark.parametrize("value", ["", "x" * 201, "a\nb", 7])
def test_a_function_that_makes_no_key_is_told_what_one_is(value):
    with pytest.raises(InvalidKey, match="it must return a text of 1 to 200 printable characters"):
        key_of(lambda: value, [], {})


def test_a_function_that_raises_is_named():
    with pytest.raises(InvalidKey, match="The function for key raised TypeError"):
        key_of(lambda user: f"{user}", [], {})


def test_every_task_has_a_key_to_be_triggered_by():
    assert trigger_key("shop.tasks.index") == "trigger:shop.tasks.index"
    assert trigger_key("x" * 200) != trigger_key("x" * 199 + "y")
    assert len(trigger_key("x" * 200)) <= 200

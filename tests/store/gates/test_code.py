from __future__ import annotations

import pytest

from tests.store.gates.asked import gate, gates
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("registered")
def test_a_function_that_is_registered_is_no_hindrance():
    assert gate(a_run(), "function").ok


def test_a_function_that_is_not_registered_here_is_named():
    found = gate(a_run(task=a_task("t", function="shop.gone")), "function")
    assert not found.ok
    assert "No function is registered as shop.gone in this process" in str(found.fact)


@pytest.mark.usefixtures("registered")
def test_an_executor_that_cannot_run_the_function_is_named():
    found = gate(a_run(task=a_task("t", executor="asyncio")), "executor")
    assert (found.ok, found.kind) == (False, "task")
    assert "An event loop runs coroutine functions only" in found.detail
    assert "empty it for what the code declares" in str(found.way_out)


def test_an_active_task_is_not_worth_a_word():
    assert gates(a_run(), "task") == []


@pytest.mark.parametrize("state", ["PAUSED", "RETIRED", "EXHAUSTED", "PREPARE"])
def test_a_task_that_does_not_fire_is_a_note_for_a_run_that_exists(state):
    task = a_task("t", state=state)
    found = gate(a_run(task=task), "task")
    assert (found.ok, found.note, found.id) == (True, True, task.pk)

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from django_tasks_fsm import TaskQueue
from django_tasks_fsm.core.states import RunState
from tests.making.runs import a_run_of, chain, in_state
from tests.making.sample import fail, say, second_time_lucky
from tests.store.rows import state_of, states_of

pytestmark = pytest.mark.django_db


def test_what_is_in_the_queue_is_executed_when_nothing_blocks_it(said):
    runs = chain(3)
    assert list(TaskQueue(*reversed(runs)).run()) == runs
    assert said == ["0", "1", "2"]


def test_only_what_is_in_the_queue_is_executed(said):
    first, second = chain(2)
    assert list(TaskQueue(first).run()) == [first]
    assert said == ["0"]
    assert state_of(second) == "QUEUED"


def test_dependents_join_the_queue_on_request(said):
    runs = chain(3)
    assert list(TaskQueue(runs[0], run_dependent_tasks=True).run()) == runs
    assert said == ["0", "1", "2"]


def test_what_is_blocked_stays_in_the_queue(said):
    first, second = chain(2)
    queue = TaskQueue(second)
    assert queue.get() is None
    assert list(queue.run()) == []
    first.dispatch()
    assert list(queue.run()) == [second]


def test_a_failure_leaves_its_dependents_alone(said):
    first = a_run_of(fail, "a")
    second = a_run_of(say, "b", after=[first])
    assert list(TaskQueue(first, second, run_dependent_tasks=True).run()) == [first]
    assert states_of([first, second]) == ["FAILED", "PENDING"]


def test_what_has_ended_already_is_given_back_without_being_executed(said):
    run = in_state(RunState.DONE)
    assert list(TaskQueue(run).run()) == [run]
    assert said == []


def test_one_run_at_a_time(said):
    queue = TaskQueue(*chain(3))
    assert [len(list(queue.run(once=True))) for _ in range(4)] == [1, 1, 1, 0]
    assert said == ["0", "1", "2"]


@pytest.mark.parametrize("runstate", [SimpleNamespace(cancelled=False), threading.Event()])
def test_whoever_holds_the_state_can_end_the_loop(said, runstate):
    loop = TaskQueue(*chain(3)).run(runstate)
    next(loop)
    runstate.set() if isinstance(runstate, threading.Event) else setattr(runstate, "cancelled", True)
    assert list(loop) == []
    assert said == ["0"]


def test_a_run_that_is_to_be_repeated_is_yielded_for_each_attempt(said):
    run = a_run_of(second_time_lucky)
    assert list(TaskQueue(run).run()) == [run, run]
    assert run.is_done


def test_a_run_can_be_added_and_taken_out():
    queue, run = TaskQueue(), a_run_of(say, "a")
    queue.add(run)
    queue.add(run)
    assert len(queue) == 1
    assert queue.get() == run
    assert queue.get() is None


def test_the_queue_is_drawn_as_graphviz_source():
    first, second = chain(2, label="some")
    third = a_run_of(say, "c", after=[second], label="last")
    source = TaskQueue(first, second).as_dot("some runs")
    assert source.count("->") == 1
    assert source.startswith("digraph")
    assert "last" not in source
    assert "last" in TaskQueue(first).as_dot(follow_blocking=True)
    assert TaskQueue(third).as_dot().count("->") == 0

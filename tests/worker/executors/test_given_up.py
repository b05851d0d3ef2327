"""Functions that do not stop after their timeouts: on threads, and on the event loop."""

from __future__ import annotations

import logging
import threading

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import ThreadExecutor, underway
from tests.jobs.tasks import aecho, echo
from tests.worker.claims import job

DEADLINE = 20.0
gates: dict[str, threading.Event] = {}


@task
def block(name):
    gates[name].wait(DEADLINE)


@task
async def block_the_loop(name):
    gates[name].wait(DEADLINE)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Give up at the timeout itself, and let every function go in the end."""
    monkeypatch.setattr(underway, "LATE", 0.0)
    gates.update({name: threading.Event() for name in "abcd"})
    yield
    for gate in gates.values():
        gate.set()


@pytest.fixture
def pool(reports):
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=1)
    yield executor
    executor.stop()


@pytest.fixture
def give_up(wait_until, reports):
    """Give ``give_up(executor, task, name)``: the job's function is called and given up; return job and outcome."""

    def run(executor, function, name, **policy):
        one = job(function, name, timeout=0.001, **policy)
        executor.submit([one])
        wait_until(lambda: one.context.overrun > 0)
        executor.give_up_overdue()
        return one, reports.next()

    return run


@pytest.mark.parametrize(
    ("place", "function", "still"),
    [("pool", block, "its thread is still busy"), ("loop", block_the_loop, "it is still running")],
)
def test_the_record_tells_what_the_function_is_doing(request, give_up, place, function, still):
    one, outcome = give_up(request.getfixturevalue(place), function, "a")
    assert outcome.claim is one.claim
    assert outcome.failure.exception == "django_tasks_fsm.exceptions.RunTimedOut"
    assert outcome.failure.message == f"The run took longer than its timeout of 0.001 s; {still}."
    assert "gates[name].wait(DEADLINE)" in outcome.failure.traceback
    assert "runner.py" not in outcome.failure.traceback


def test_it_is_an_error_like_any_other(pool, give_up):
    assert give_up(pool, block, "a")[1].ending is Ending.FAILED
    assert give_up(pool, block, "b", max_attempts=2)[1].ending is Ending.RETRY


@pytest.mark.parametrize(("place", "function", "next_one"), [("pool", block, echo), ("loop", block_the_loop, aecho)])
def test_its_late_return_is_dropped(request, give_up, reports, caplog, wait_until, place, function, next_one):
    executor = request.getfixturevalue(place)
    one, _ = give_up(executor, function, "a")
    assert executor.underway.stuck == 1
    gates["a"].set()
    wait_until(lambda: f"Run {one.claim.id} (a task) has ended after it was given up" in caplog.text)
    assert executor.underway.stuck == executor.lost_slots == 0
    executor.submit([job(next_one, "next")])
    assert reports.next().result_json == '"next"'
    assert reports.is_empty()


@pytest.mark.fault("F33")
def test_another_thread_takes_the_place(pool, give_up, reports):
    give_up(pool, block, "a")
    assert pool.lost_slots == 0
    pool.submit([job(echo, "next")])
    assert reports.next().result_json == '"next"'


def test_no_more_threads_are_added_than_there_were_and_a_place_is_taken_again(pool, give_up, caplog, wait_until):
    give_up(pool, block, "a")
    assert "Restart it" not in caplog.text
    give_up(pool, block, "b")
    assert (pool.underway.stuck, pool.lost_slots) == (2, 1)
    assert "this worker runs 0 at once instead of 1. Restart it" in caplog.text
    gates["a"].set()
    wait_until(lambda: pool.lost_slots == 0)
    assert pool.underway.stuck == 1


def test_threads_without_a_place_end(pool, give_up, wait_until):
    mine = set(pool._crew)
    give_up(pool, block, "a")
    mine |= pool._crew  # who took the place
    give_up(pool, block, "b")
    assert len(mine) == 2
    gates["a"].set()
    gates["b"].set()
    wait_until(lambda: sum(thread.is_alive() for thread in mine) == 1)
    pool.stop()
    wait_until(lambda: not any(thread.is_alive() for thread in mine))


def test_stopping_waits_for_none_of_them(pool, give_up, wait_until):
    give_up(pool, block, "a")
    give_up(pool, block, "b")
    pool.stop()
    for name in "ab":
        gates[name].set()
    wait_until(lambda: pool.underway.stuck == 0)
    wait_until(lambda: not any(thread.is_alive() for thread in pool._crew))


def test_nothing_is_given_up_in_time(pool, reports, caplog, wait_until):
    caplog.set_level(logging.WARNING, "django_tasks_fsm")
    one = job(block, "a", timeout=60.0)
    pool.submit([one])
    wait_until(lambda: reports.begun)
    pool.give_up_overdue()
    gates["a"].set()
    assert reports.next().ending is Ending.DONE
    assert caplog.text == ""

from __future__ import annotations

import threading
from functools import partial

import pytest

from django_tasks_fsm.worker.announcer import Announcer


@pytest.fixture
def announcer():
    announcer = Announcer()
    announcer.start()
    yield announcer
    announcer.stop(5)


def leave():
    raise SystemExit(1)


def fail():
    raise RuntimeError("a receiver's mistake")


def wait_for(gate):
    gate.wait(60)


def test_calls_are_made_one_after_another_elsewhere(announcer):
    made = []
    for number in range(100):
        announcer.put(lambda number=number: made.append((number, threading.current_thread())))
    announcer.stop(10)
    assert [number for number, _ in made] == list(range(100))
    assert threading.current_thread() not in {thread for _, thread in made}


@pytest.mark.parametrize("mistake", [leave, fail])
def test_a_receiver_s_mistake_costs_no_further_call(announcer, caplog, mistake):
    made = threading.Event()
    announcer.put(mistake)
    announcer.put(made.set)
    assert made.wait(30)
    assert "A receiver of a task signal failed." in caplog.text


def test_the_end_does_not_wait_for_a_receiver_that_never_returns():
    announcer, gate = Announcer(), threading.Event()
    announcer.start()
    announcer.put(partial(wait_for, gate))
    announcer.stop(0.01)
    assert announcer._thread.is_alive()
    gate.set()


def test_the_backlog_is_counted():
    announcer, gate = Announcer(), threading.Event()
    for _ in range(3):
        announcer.put(partial(wait_for, gate))
    assert announcer.backlog == 3


def test_inline_calls_are_made_at_once():
    made = []
    announcer = Announcer(inline=True)
    announcer.start()
    announcer.put(lambda: made.append(threading.current_thread()))
    announcer.put(leave)
    assert made == [threading.current_thread()]
    announcer.stop(0)

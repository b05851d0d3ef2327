from __future__ import annotations

import threading

import pytest

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.bell import Bell
from django_tasks_fsm.worker.outbox import Outbox
from tests.worker.claims import claim


@pytest.fixture
def bell():
    return Bell()


@pytest.fixture
def outbox(bell):
    return Outbox(bell)


def outcomes(count):
    return [Outcome.done(claim(), str(number)) for number in range(count)]


def test_oldest_first_and_no_more_than_asked_for(outbox):
    left = outcomes(5)
    for outcome in left:
        outbox.put(outcome)
    assert outbox.take(3) == left[:3]
    assert outbox.take(3) == left[3:]
    assert outbox.take(3) == []


def test_an_arrival_wakes_the_loop(outbox, bell):
    outbox.put(outcomes(1)[0])
    assert bell.wait(0)


def test_what_could_not_be_written_comes_first_again_in_its_order(outbox):
    left = outcomes(4)
    for outcome in left:
        outbox.put(outcome)
    outbox.put_back(outbox.take(3))
    assert outbox.take(9) == left


def test_nothing_is_lost_between_many_threads(outbox):
    left = outcomes(8)
    threads = [
        threading.Thread(target=lambda one=one: [outbox.put(one) for _ in range(500)])  # type: ignore[misc]
        for one in left
    ]
    for thread in threads:
        thread.start()
    taken = []
    while len(taken) < 8 * 500 and any(thread.is_alive() for thread in threads):
        taken += outbox.take(100)
    for thread in threads:
        thread.join()
    taken += outbox.take(8 * 500)
    assert [taken.count(one) for one in left] == [500] * 8

from __future__ import annotations

import threading
from dataclasses import replace

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


def test_an_end_that_is_stored_comes_before_what_was_to_be_tried_again(outbox):
    (given_back,) = outcomes(1)
    outbox.put_aside([given_back])
    stored = replace(given_back, is_stored=True)
    outbox.put(given_back)
    outbox.put(stored)
    assert outbox.take(3) == [stored]
    outbox.recall()
    assert outbox.take_again(3) == []


def test_an_arrival_wakes_the_loop(outbox, bell):
    outbox.put(outcomes(1)[0])
    assert bell.wait(0)


def test_what_could_not_be_written_comes_first_again_in_its_order(outbox):
    left = outcomes(4)
    for outcome in left:
        outbox.put(outcome)
    outbox.put_back(outbox.take(3))
    assert outbox.take(9) == left


def test_what_is_put_aside_comes_again_in_its_time_and_not_before(outbox, bell):
    left = outcomes(3)
    outbox.put_aside(left, seconds=60)
    assert (outbox.take_again(9), outbox.take(9), len(outbox), bell.wait(0)) == ([], [], 0, False)
    assert 59 < outbox.again_in <= 60
    outbox.recall()
    assert outbox.again_in == 0
    assert (outbox.take_again(2), outbox.take_again(9)) == (left[:2], left[2:])
    assert outbox.again_in is None


def test_what_is_put_aside_again_comes_after_what_has_waited_longer(outbox):
    first, second = outcomes(2)
    outbox.put_aside([first, second], seconds=0)
    outbox.put_aside(outbox.take_again(1), seconds=0)
    assert outbox.take_again(9) == [second, first]


def test_a_give_back_does_not_overtake_an_end_that_is_put_aside(outbox):
    (ended,) = outcomes(1)
    outbox.put_aside([ended], seconds=0)
    outbox.put(Outcome.released(ended.claim, "the worker stops"))
    assert outbox.take(9) == []
    assert outbox.take_again(9) == [ended]


@pytest.mark.parametrize("order", [1, -1])
def test_of_an_end_and_a_give_back_that_are_put_aside_together_the_end_is_kept(outbox, order):
    (ended,) = outcomes(1)
    outbox.put_aside([ended, Outcome.released(ended.claim, "the worker stops")][::order], seconds=0)
    assert outbox.take_again(9) == [ended]


def test_nothing_is_lost_between_many_threads(outbox):
    left = outcomes(8)
    threads = [threading.Thread(target=lambda one=one: [outbox.put(one) for _ in range(500)]) for one in left]
    for thread in threads:
        thread.start()
    taken: list[Outcome] = []
    while len(taken) < 8 * 500 and any(thread.is_alive() for thread in threads):
        taken += outbox.take(100)
    for thread in threads:
        thread.join()
    taken += outbox.take(8 * 500)
    assert [taken.count(one) for one in left] == [500] * 8

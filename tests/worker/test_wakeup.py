from __future__ import annotations

import time

import pytest

from django_tasks_fsm.worker.wakeup import WakeUp


@pytest.fixture
def wakeup():
    return WakeUp("default", "a channel")


def test_a_quiet_sleep_ends_by_itself(wakeup):
    began = time.monotonic()
    assert not wakeup.sleep(0.05)
    assert time.monotonic() - began > 0.04


def test_what_happened_before_the_sleep_is_not_slept_through(wakeup):
    wakeup.set()
    assert wakeup.sleep(60)
    assert not wakeup.sleep(0)


def test_a_change_of_the_counter_ends_the_sleep(wakeup):
    counts = iter([5, 5, 5, 6])
    wakeup._counter, wakeup._count = lambda: next(counts), 5
    assert wakeup.sleep(60)
    wakeup.disconnect()
    assert not wakeup.sleep(0.01)


def test_a_sleep_of_nothing_returns(wakeup):
    assert not wakeup.sleep(0)
    assert not wakeup.sleep(-1)

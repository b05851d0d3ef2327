from __future__ import annotations

import pytest

from django_tasks_fsm.worker import appetite
from django_tasks_fsm.worker.appetite import BATCH, Appetite


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(appetite, "time", clock)
    return clock


def after(clock, turns, seconds, count):
    hungry = Appetite(4)
    for _ in range(turns):
        clock.now += seconds
        hungry.finished(count)
    return hungry


def test_at_first_the_free_slots_are_filled(clock):
    assert Appetite(4).room(0) == 4
    assert Appetite(4).room(3) == 1
    assert Appetite(4).room(9) == 0


def test_long_runs_prefetch_nothing(clock):
    assert after(clock, turns=50, seconds=1.0, count=4).room(4) == 0


def test_no_ops_prefetch(clock):
    assert after(clock, turns=50, seconds=0.002, count=20).room(4) > 50


def test_a_claim_is_bounded_however_fast_the_runs_are(clock):
    assert after(clock, turns=50, seconds=0.0, count=10_000).room(0) == BATCH
    assert after(clock, turns=50, seconds=0.0, count=10_000).room(10_000) == 0


def test_appetite_goes_when_the_rush_is_over(clock):
    hungry = after(clock, turns=50, seconds=0.002, count=20)
    for _ in range(20):
        clock.now += 1.0
        hungry.finished(0)
    assert hungry.room(4) == 0

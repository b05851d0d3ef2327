from __future__ import annotations

import asyncio
import math

import pytest

from django_tasks_fsm import stopwatch as room
from django_tasks_fsm.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    """Give the list whose last number is the time."""
    times = [100.0]
    monkeypatch.setattr(room, "time", type("Clock", (), {"monotonic": staticmethod(lambda: times[-1])}))
    return times


def test_time_counts_from_the_beginning(clock):
    watch = Stopwatch(5)
    clock.append(200.0)
    watch.begin()
    assert watch.overrun == -5
    clock.append(207.0)
    assert watch.overrun == 2


def test_a_rest_does_not_count_while_it_lasts_and_afterwards(clock):
    watch = Stopwatch(5)
    watch.begin()
    clock.append(103.0)
    with watch.stopped():
        assert watch.is_stopped
        clock.append(1000.0)
        assert watch.overrun == -2
    assert not watch.is_stopped
    assert watch.overrun == -2


def test_without_a_limit_nothing_is_overrun():
    watch = Stopwatch(None)
    watch.begin()
    with watch.stopped():
        assert watch.overrun == -math.inf


def test_what_cancels_a_coroutine_is_put_off_by_the_rest():
    async def rest() -> tuple[float | None, float | None, float | None]:
        watch = Stopwatch(600)
        watch.begin()
        async with asyncio.timeout(600) as watch.loop_limit:
            before = watch.loop_limit.when()
            with watch.stopped():
                during = watch.loop_limit.when()
                await asyncio.sleep(0.01)
            return before, during, watch.loop_limit.when()

    before, during, after = asyncio.run(rest())
    assert during is None
    assert before is not None
    assert after is not None
    assert after >= before + 0.01

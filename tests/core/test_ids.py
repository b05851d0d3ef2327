from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

import pytest

from django_tasks_fsm.core import ids
from django_tasks_fsm.core.ids import first_run_id_at, new_run_id


def milliseconds(run_id: uuid.UUID) -> int:
    return run_id.int >> 80


def test_an_id_is_a_version_7_uuid():
    made = new_run_id()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_an_id_bears_the_time_it_was_made():
    before = time.time_ns() // 1_000_000
    made = milliseconds(new_run_id())
    assert before <= made <= time.time_ns() // 1_000_000 + 1


def test_ids_made_one_after_the_other_are_sorted_as_numbers_and_as_text():
    made = [new_run_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert [one.hex for one in made] == sorted(one.hex for one in made)


def test_ids_of_many_threads_are_distinct_and_grow_in_each():
    made: list[list[uuid.UUID]] = [[] for _ in range(8)]
    barrier = threading.Barrier(8, timeout=60)

    def make(mine: list[uuid.UUID]) -> None:
        barrier.wait()
        mine.extend(new_run_id() for _ in range(1000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(mine == sorted(mine) for mine in made)
    assert len({one for mine in made for one in mine}) == 8000


@pytest.mark.fault("F53")
def test_a_clock_that_goes_back_does_not_turn_the_order_round(monkeypatch):
    first = new_run_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    later = [new_run_id() for _ in range(3)]
    assert [first, *later] == sorted([first, *later])


def test_a_clock_that_stands_still_gives_more_ids_than_a_millisecond_has_steps(monkeypatch):
    now = time.time_ns() + 10**9
    monkeypatch.setattr(time, "time_ns", lambda: now)
    monkeypatch.setattr(ids, "_last", 0)
    made = [new_run_id() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {one.version for one in made} == {7}


def test_the_random_part_differs(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    monkeypatch.setattr(ids, "_last", 0)
    one = new_run_id()
    monkeypatch.setattr(ids, "_last", 0)
    two = new_run_id()
    assert one.int >> 64 == two.int >> 64
    assert one != two


@pytest.mark.parametrize("moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)])
def test_the_bound_parts_what_was_made_before_a_moment_from_what_came_after(monkeypatch, moment):
    seconds = moment.timestamp()
    monkeypatch.setattr(ids, "_last", 0)
    monkeypatch.setattr(time, "time_ns", lambda: int((seconds + 0.001) * 10**9))
    after = new_run_id()
    assert first_run_id_at(seconds) < after
    assert after < first_run_id_at(seconds + 0.002)

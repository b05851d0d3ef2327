"""The grid of a service: fixed, coalesced, and carried on by whoever comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.ticking import Grid

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """Return a moment after noon."""
    return NOON + timedelta(seconds=seconds)


def test_the_first_tick_comes_one_interval_after_the_beginning() -> None:
    grid = Grid(triggers.every(10), None, NOON)
    assert not grid.is_due(after(9))
    assert grid.is_due(after(10))


def test_late_slots_are_done_by_one_tick_and_the_grid_stays() -> None:
    grid = Grid(triggers.every(10), None, NOON)
    grid.take(after(47))
    grid.ended(after(48))
    assert (grid.last, grid.next) == (after(40), after(50))


def test_the_next_holder_makes_up_once_for_what_passed_and_keeps_the_grid() -> None:
    grid = Grid(triggers.every(10), after(20), after(73))
    assert grid.is_due(after(73))
    grid.take(after(73))
    assert (grid.last, grid.next) == (after(70), after(80))


def test_a_pause_lets_slots_go_by() -> None:
    grid = Grid(triggers.every(10), None, NOON)
    grid.skip(after(35))
    assert not grid.is_due(after(35))
    assert grid.next == after(40)


def test_a_delay_counts_from_the_end_of_the_tick() -> None:
    grid = Grid(triggers.every(10, from_end=True), None, NOON)
    grid.take(after(10))
    grid.ended(after(14))
    assert grid.next == after(24)


def test_what_only_messages_reach_is_never_due() -> None:
    grid = Grid(triggers.Manual(), None, NOON)
    assert grid.next is None
    assert not grid.is_due(after(1e9))
    grid.take(after(1))
    grid.ended(after(2))


def test_a_schedule_ends() -> None:
    grid = Grid(triggers.at(after(5)), None, NOON)
    grid.take(after(6))
    assert grid.next is None

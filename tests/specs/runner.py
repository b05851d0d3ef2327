"""Run sessions in every order in which their steps can follow each other, as PostgreSQL's isolation tester does.

The orders are found while they are run: at each step the session that went last goes on, and each point at which
another one could have gone instead is the beginning of another order. So every order is run once, those with the
fewest switches first: one session whole before the other, then each once interrupted at each of its steps, then twice.
Where there are more orders than ``most``, those with many switches are a sample, drawn with a fixed seed.
TASKS_FSM_SPEC_ORDERS=5000 runs that many of each spec instead.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.specs.session import COMMIT, PATIENCE, REST, Session, Step
from tests.specs.waiting import arrives

World = TypeVar("World")
MOST = 12
SEED = 1
Order = tuple[int, ...]


@dataclass(slots=True)
class Played:
    """One order: who went at each step, who could have, and what they did."""

    chosen: list[int] = field(default_factory=list)
    ready: list[list[int]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def others(self, since: int) -> list[Order]:
        """Return the orders that leave this one at a step from ``since`` on."""
        steps = range(since, len(self.chosen))
        return [(*self.chosen[:at], other) for at in steps for other in self.ready[at] if other != self.chosen[at]]


def explore(
    begin: Callable[[], World],
    sessions: Mapping[str, Sequence[Step]],
    check: Callable[[World, dict[str, list[Any]]], None],
    most: int = MOST,
) -> int:
    """Run the sessions in up to ``most`` orders, each on a world that ``begin`` makes; return how many orders.

    ``check`` gets the world and what the steps of each session returned, and asserts what must hold after any order.
    """
    most = int(os.environ.get("TASKS_FSM_SPEC_ORDERS", most))
    chance, number = random.Random(SEED), 0
    with ExitStack() as stack:
        seats = [Session(name) for name in sessions]
        for seat in seats:
            stack.callback(seat.close)
        level: list[Order] = [()]
        while level and number < most:
            if len(level) > most - number:
                level = chance.sample(level, most - number)
            following: list[Order] = []
            for order in level:
                played = Played()
                world = begin()
                try:
                    _play(seats, list(sessions.values()), world, order, played)
                    check(world, {seat.name: seat.result for seat in seats})
                except AssertionError as error:
                    error.add_note("In this order:\n  " + "\n  ".join(played.told))
                    raise
                number += 1
                following += played.others(len(order))
            level = following
    return number


def _play(
    seats: Sequence[Session], programs: Sequence[Sequence[Step]], world: Any, order: Order, played: Played
) -> None:
    for seat, steps in zip(seats, programs, strict=True):
        seat.begin(steps, world)
    waiting: set[int] = set()  # for a lock
    last = 0
    while not all(seat.is_done for seat in seats):
        ready = [at for at, seat in enumerate(seats) if at not in waiting and not seat.is_done]
        if not ready:
            waiting -= _first_to_arrive(seats, waiting, played)
            continue
        wished = order[len(played.chosen)] if len(played.chosen) < len(order) else last
        last = wished if wished in ready else ready[0]
        played.chosen.append(last)
        played.ready.append(ready)
        step = seats[last].go()
        is_here = arrives(seats[last])
        played.told.append(f"{seats[last].name}: {step[:150]}" + ("" if is_here else " ... waits"))
        # Locks go with a transaction; whoever waited for one of them goes on by itself up to its next step.
        if step == COMMIT or seats[last].is_done:
            waiting -= {at for at in waiting if arrives(seats[at])}
        if not is_here or seats[last].waits_before == REST:
            waiting.add(last)
    for seat in seats:
        if seat.error is not None:
            raise AssertionError(f"session {seat.name} raised {seat.error!r}") from seat.error


def _first_to_arrive(seats: Sequence[Session], waiting: set[int], played: Played) -> set[int]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := {at for at in waiting if seats[at].here.wait(0.002)}:
            return found
    raise AssertionError(f"all wait for each other: {', '.join(sorted(seats[at].name for at in waiting))}")

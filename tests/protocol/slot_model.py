"""The protocol of a schedule: schedulers that make the run of each slot, a clock that may go back, a person.

One step is what one statement does; what a transaction has inserted is seen by others when it commits. Which slots are
due, and which comes next, the code's own ``plan`` says.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from django_tasks_fsm.core.machine import TASK_MACHINE, Machine
from django_tasks_fsm.core.misfire import MisfirePolicy, plan
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers import Interval
from django_tasks_fsm.exceptions import IllegalTransition
from tests.protocol.search import Found, Step, search

LAST = 3
"""Slots that are looked at: 1, 2 and 3."""
BEGIN, MINUTE = datetime(2030, 1, 1, tzinfo=UTC), timedelta(minutes=1)
TRIGGER = Interval(MINUTE, start=BEGIN)
POLICY = MisfirePolicy("all")
IDLE, SAW, INSERTED, ADVANCED, PLANNED = "idle", "saw", "inserted", "advanced", "planned"
STUCK = "a slot never gets its run"
TWICE = "a slot has two runs"
ACTIVE = TaskState.ACTIVE


class Scheduler(NamedTuple):
    """One that fires: how far it has come, the slot that it saw, what it will insert, and the next time it will write.

    ``made`` are runs that it has inserted in a transaction that is open.
    """

    at: str = IDLE
    slot: int = 0
    due: tuple[int, ...] = ()
    then: int = 0
    made: tuple[int, ...] = ()


class World(NamedTuple):
    """The task's row, the slots that have runs, and who is at work; ``waived`` slots were given up by a person."""

    now: int = 0
    next_slot: int = 1
    state: TaskState = ACTIVE
    runs: tuple[int, ...] = ()
    schedulers: tuple[Scheduler, ...] = (Scheduler(), Scheduler())
    waived: frozenset[int] = frozenset()
    may_jump: bool = True


@cache
def planned(slot: int, now: int) -> tuple[tuple[int, ...], int]:
    """Return the slots that are due and the one after them, as the code plans them."""
    done = plan(TRIGGER, BEGIN + slot * MINUTE, BEGIN + now * MINUTE, POLICY)
    return tuple(_number(each.scheduled_for) for each in done.slots), _number(done.next_slot)


@cache
def first_after(now: int) -> int:
    """Return the slot that a task gets that begins to fire now."""
    return _number(TRIGGER.next_after(None, BEGIN + now * MINUTE))


def _number(at: datetime | None) -> int:
    assert at is not None, "an interval has no end"
    return (at - BEGIN) // MINUTE


class SlotProtocol:
    """The protocol with these guards left out."""

    def __init__(
        self,
        off: frozenset[str] = frozenset(),
        machine: Machine[TaskState] = TASK_MACHINE,
        schedulers: int = 2,
        last: int = LAST,
    ) -> None:
        self._off, self._machine, self._last = off, machine, last
        self.start = World(schedulers=(Scheduler(),) * schedulers)

    def check(self) -> Found:
        """Visit every state."""
        return search(self.start, self.steps, self._is_over, STUCK, self._alike)

    def _has(self, guard: str) -> bool:
        return guard not in self._off

    def _is_over(self, world: World) -> bool:
        return {*world.runs, *world.waived} >= set(range(1, self._last + 1))

    @staticmethod
    def _alike(world: World) -> Hashable:
        return world._replace(schedulers=tuple(sorted(world.schedulers)))

    def steps(self, world: World) -> Iterator[Step[World]]:
        """Give every step that can be next."""
        if world.now < self._last:
            yield Step(f"it is minute {world.now + 1}", world._replace(now=world.now + 1))
        if world.may_jump and world.now > 1:
            back = world._replace(now=world.now - 1, may_jump=False)
            yield Step("the clock jumps back by a minute", back, is_fair=False)
        yield from self._person(world)
        for me in range(len(world.schedulers)):
            yield from self._scheduler(world, me)

    # A person

    def _person(self, world: World) -> Iterator[Step[World]]:
        if any(self._locks(each) for each in world.schedulers):
            return
        if (state := self._target("pause", world.state)) is not None:
            yield Step("a person pauses the task", world._replace(state=state), is_fair=False)
        if (state := self._target("resume", world.state)) is not None:
            active = world._replace(state=state)
            yield Step("a person resumes the task and catches up", active)
            then = first_after(world.now)
            waived = {slot for slot in world.waived if slot < then} | set(range(world.next_slot, then))
            waived -= set(world.runs)
            yield Step(
                "a person resumes the task", active._replace(next_slot=then, waived=frozenset(waived)), is_fair=False
            )

    def _target(self, event: str, state: TaskState) -> TaskState | None:
        try:
            return self._machine.target(event, state)
        except IllegalTransition:
            return None

    def _locks(self, scheduler: Scheduler) -> bool:
        return self._has("fire locks the task's row") and scheduler.at in (PLANNED, INSERTED, ADVANCED) and self._one

    @property
    def _one(self) -> bool:
        return self._has("insert and advance are one transaction")

    # A scheduler

    def _scheduler(self, world: World, me: int) -> Iterator[Step[World]]:
        mine = world.schedulers[me]
        if mine.at == IDLE:
            if world.next_slot <= world.now and world.state == ACTIVE:
                saw = Scheduler(SAW, world.next_slot)
                yield Step(f"s{me} sees that slot {world.next_slot} is due", _with(world, me, saw))
            return
        yield Step(f"s{me} is killed", _with(world, me, Scheduler()), is_fair=False)
        if mine.at == SAW:
            yield self._locked(world, me, mine)
        elif mine.at == PLANNED:
            yield from self._first(world, me, mine)
        elif mine.at == INSERTED:
            yield self._advance(world, me, mine)
        else:
            yield from self._insert(world, me, mine)

    def _locked(self, world: World, me: int, mine: Scheduler) -> Step[World]:
        is_free = not any(self._locks(each) for each in world.schedulers)
        is_there = world.next_slot == mine.slot or not self._has("fire asks for the slot that it saw")
        is_active = world.state == ACTIVE or not self._has("fire asks for ACTIVE again")
        if not (is_free and is_there and is_active):
            return Step(f"s{me} finds slot {mine.slot} gone", _with(world, me, Scheduler()))
        due, then = planned(mine.slot, world.now)
        if self._has("fire looks which slots have runs"):
            due = tuple(slot for slot in due if slot not in world.runs)
        breaks = "a paused task fires" if world.state != ACTIVE else ""
        if world.waived & set(due):
            breaks = breaks or "a slot that a person gave up gets a run"
        ready = Scheduler(PLANNED, mine.slot, due, then)
        return Step(f"s{me} takes slot {mine.slot} and plans {_list(due)}", _with(world, me, ready), breaks)

    def _first(self, world: World, me: int, mine: Scheduler) -> Iterator[Step[World]]:
        if self._has("runs are inserted before the time advances"):
            yield from self._insert(world, me, mine)
        else:
            yield self._advance(world, me, mine)

    def _insert(self, world: World, me: int, mine: Scheduler) -> Iterator[Step[World]]:
        is_unique = self._has("a slot is unique")
        others = {slot for at, each in enumerate(world.schedulers) if at != me for slot in each.made}
        if is_unique and others & set(mine.due):
            return  # it waits until the other transaction has ended
        label = f"s{me} inserts {_list(mine.due)}"
        if is_unique and set(mine.due) & set(world.runs):
            yield Step(f"{label}, is refused and rolls back", _with(world, me, Scheduler()))
        elif self._one and mine.at == PLANNED:
            yield Step(label, _with(world, me, mine._replace(at=INSERTED, made=mine.due)))
        else:
            is_last = mine.at == ADVANCED
            then = Scheduler() if is_last else mine._replace(at=INSERTED)
            moved = self._moved(world, mine) if is_last and self._one else world
            yield self._committed(_with(moved, me, then), mine.due, f"{label} and commits")

    def _advance(self, world: World, me: int, mine: Scheduler) -> Step[World]:
        if not self._has("the next time follows from the slot"):
            mine = mine._replace(then=first_after(world.now))
        label = f"s{me} sets the next slot to {mine.then}"
        if mine.at == INSERTED:
            return self._committed(_with(self._moved(world, mine), me, Scheduler()), mine.made, f"{label} and commits")
        if self._one:  # what it has written is seen when it commits, after the insert
            return Step(label, _with(world, me, mine._replace(at=ADVANCED)))
        return Step(f"{label} and commits", _with(self._moved(world, mine), me, mine._replace(at=ADVANCED)))

    def _moved(self, world: World, mine: Scheduler) -> World:
        is_there = world.next_slot == mine.slot or not self._has("fire asks for the slot that it saw")
        return world._replace(next_slot=mine.then) if is_there else world

    @staticmethod
    def _committed(world: World, made: tuple[int, ...], label: str) -> Step[World]:
        runs = tuple(sorted((*world.runs, *made)))
        return Step(label, world._replace(runs=runs), TWICE if len(set(runs)) < len(runs) else "")


def _with(world: World, me: int, scheduler: Scheduler) -> World:
    others = world.schedulers
    return world._replace(schedulers=(*others[:me], scheduler, *others[me + 1 :]))


def _list(slots: tuple[int, ...]) -> str:
    return "slots " + ", ".join(map(str, slots)) if slots else "nothing"

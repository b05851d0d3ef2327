"""A state of the protocol of a run: the rows, the processes, and what is under way."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from tests.protocol.life import NOBODY, Run

LEASE, SILENT, STOPPED = 1, 2, 9
"""Ages of a heartbeat: the oldest that is good, too old, and of a worker that has said that it goes."""
OFF, IDLE, HOLDS, PICKED = range(4)
GRAVE = 90
"""Owners from here on are processes that have been started anew under another id."""
SAME = range(1000)
"""Numbers as they are: more claims than any search makes of one run."""


class Worker(NamedTuple):
    """A process: the claim that it holds or has picked, and how old its heartbeat is."""

    at: int = OFF
    run: int = 0
    fence: int = 0
    attempt: int = 0
    claim: int = 0
    age: int = 0


class Rescuer(NamedTuple):
    """A rescue under way: whom it takes for lost, the runs and fences it has read, whether a heartbeat came since."""

    target: int
    has_locked: bool = False
    seen: tuple[tuple[int, int], ...] = ()
    beaten: bool = False


class World(NamedTuple):
    """All that the database and the processes know; ``graves`` are the ages of the rows of former processes, by run."""

    runs: tuple[Run, ...]
    workers: tuple[Worker, ...]
    graves: tuple[int, ...]
    rescuer: Rescuer | None = None
    cancelling: int | None = None


def aged(age: int, by: int) -> int:
    """Return the age after time has passed, or the clock has jumped."""
    return age if age == STOPPED else max(-1, min(SILENT, age + by))


def with_worker(world: World, me: int, worker: Worker) -> World:
    """Return the world with another worker."""
    return world._replace(workers=(*world.workers[:me], worker, *world.workers[me + 1 :]))


def with_run(world: World, at: int, run: Run) -> World:
    """Return the world with another run."""
    return world._replace(runs=(*world.runs[:at], run, *world.runs[at + 1 :]))


def name(world: World, at: int) -> str:
    """Return what a run is called."""
    return "the run" if len(world.runs) == 1 else f"run {at}"


def who(owner: int) -> str:
    """Return what an owner is called."""
    return f"w{owner}" if owner < GRAVE else "the former process"


def alike(world: World, raw: bool) -> Hashable:
    """Return the same for states that differ in nothing that matters.

    It does not matter which worker is which, how old the heartbeat of one is that holds nothing, and which numbers the
    fences are but for their order; unless ``raw``, where they may not be what they should.
    """
    runs, workers, graves, rescuer, cancelling = world
    new = [_order(world, at, raw) for at in range(len(runs))]
    target = NOBODY if rescuer is None else rescuer.target
    hands = []
    for me, (at, of, fence, attempt, claim, age) in enumerate(workers):
        owned = tuple([run.owner == me for run in runs])
        numbers = (new[of][claim], fence if raw else 0, attempt) if at == HOLDS else ()
        is_watched = me == target
        hands.append((at, of, numbers, age if is_watched or any(owned) else 0, owned, is_watched))
    hands.sort()
    kept = tuple([age if runs[at].owner >= GRAVE else 0 for at, age in enumerate(graves)])
    return (
        tuple([_short(run, raw, new[at]) for at, run in enumerate(runs)]),
        tuple(hands),
        kept,
        None if rescuer is None else _rescue_of(rescuer, new),
        cancelling,
    )


def _order(world: World, at: int, raw: bool) -> Mapping[int, int] | range:
    if raw:
        return SAME
    numbers = {0, world.runs[at].claim}
    for each in world.workers:
        if each.at == HOLDS and each.run == at:
            numbers.add(each.claim)
    if world.rescuer is not None:
        numbers.update([fence for one, fence in world.rescuer.seen if one == at])
    return SAME if max(numbers) < len(numbers) else {old: new for new, old in enumerate(sorted(numbers))}


def _short(run: Run, raw: bool, new: Mapping[int, int] | range) -> Hashable:
    owner = run.owner if run.owner >= GRAVE else NOBODY
    fence = run.fence if raw else 0
    return run.state, fence, run.attempt, run.losses, run.asked, owner, new[run.claim], run.charged, run.begun


def _rescue_of(rescuer: Rescuer, new: list[Mapping[int, int] | range]) -> Hashable:
    grave = rescuer.target if rescuer.target >= GRAVE else NOBODY
    seen = tuple([(at, new[at][fence]) for at, fence in rescuer.seen])
    return grave, rescuer.has_locked, seen, rescuer.beaten

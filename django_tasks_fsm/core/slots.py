"""How the slots of one worker are shared out: some are kept for what is urgent, some work gets a few at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

LOWEST_PRIORITY, HIGHEST_PRIORITY = -100, 100
MOST_SLOTS = 10_000
"""Slots that people may give to a worker while it works."""

Reserve = tuple[tuple[int, int], ...]
"""Pairs of a priority and the slots kept for it and above, beside those kept for a higher one."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Runs below the priority of the tier before, down to ``floor`` (None: all), and how many of them have room."""

    floor: int | None
    room: int


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed now.

    ``tiers`` go from the highest floor down to None; what is taken in one counts in those before. ``queues`` names
    those with room for so many only. Of ``tasks``, together, there is room for ``places``; None where all have room.
    """

    tiers: tuple[Tier, ...]
    queues: Mapping[str, int] = field(default_factory=dict)
    tasks: frozenset[int] = frozenset()
    places: int | None = None


def kept(reserve: Iterable[Sequence[int]]) -> int:
    """Return how many slots are kept in all."""
    return sum(slots for _, slots in reserve)


def tiers(total: int, size: int, reserve: Reserve, held: Sequence[int]) -> tuple[Tier, ...]:
    """Return the fewest tiers in which a worker of ``size`` slots, ``total`` of them free, keeps its promise.

    ``held`` are the priorities of the runs that take its slots.
    """
    rooms = list(_rooms(total, size, reserve, held))
    found: list[Tier] = []
    for place, (floor, room) in enumerate(rooms):
        below = rooms[place + 1][1] if place + 1 < len(rooms) else 0
        if room > below:  # else the next tier takes the same runs in the same order
            found.append(Tier(floor, room))
    return tuple(found)


def room_for(priority: int, total: int, size: int, reserve: Reserve, held: Sequence[int]) -> int:
    """Return how many runs of a priority would have room; see ``tiers``."""
    rooms = _rooms(total, size, reserve, held)
    return next(room for floor, room in rooms if floor is None or priority >= floor)


def _rooms(total: int, size: int, reserve: Reserve, held: Sequence[int]) -> Iterator[tuple[int | None, int]]:
    # From above: below each priority of the reserve, all that is kept for it and above is out of reach.
    left, away = max(0, total), 0
    for priority, slots in sorted(reserve, reverse=True):
        yield priority, left
        away += slots
        taken = sum(one < priority for one in held)
        left = max(0, min(left, size - away - taken))
    yield None, left


@dataclass(frozen=True, slots=True)
class Portion:
    """What one statement may claim: ``queues`` names those of which it may take so many only."""

    limit: int
    floor: int | None = None
    queues: Mapping[str, int] = field(default_factory=dict)
    without: frozenset[int] = frozenset()


class Shares:
    """Cut a room into portions, each by what those before have brought."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._left = [tier.room for tier in room.tiers]
        self._queues = dict(room.queues)
        self._places = room.places
        self._brought = 0

    def portions(self) -> Iterator[Portion]:
        """Give what to claim next; tell what it brought by ``took`` before asking for another."""
        for number, tier in enumerate(self._room.tiers):
            for portion in self._of_tier(number, tier.floor):
                self._brought = 0
                yield portion
                self._left[: number + 1] = [room - self._brought for room in self._left[: number + 1]]

    def _of_tier(self, number: int, floor: int | None) -> Iterator[Portion]:
        limit, places = min(self._left[: number + 1]), self._places
        if places and places < limit:
            # Whatever comes next in line has a place: even if all of it are such tasks.
            yield Portion(places, floor, dict(self._queues))
            if self._brought < places:
                return
        limit, places = min(self._left[: number + 1]), self._places
        if limit:
            without = self._room.tasks if places is not None and places < limit else frozenset()
            yield Portion(limit, floor, dict(self._queues), without)

    def took(self, runs: Iterable[tuple[str, int]]) -> None:
        """Note the queue and the task of each run that was claimed."""
        for queue, task in runs:
            self._brought += 1
            if queue in self._queues:
                self._queues[queue] = max(0, self._queues[queue] - 1)
            if self._places is not None and task in self._room.tasks:
                self._places = max(0, self._places - 1)

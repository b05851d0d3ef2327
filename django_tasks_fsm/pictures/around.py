"""What lies around a row: step by step over the links, never further than a picture can show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ALL = "all"
STEPS = ("1", "2", "3", ALL)
SMALL = 60
"""Up to so many nodes the whole graph is shown at first; above, two steps around the current one."""
MOST = 120
"""Nodes in a picture that was not asked for whole."""
FAR = 6
"""Steps that are gone for the whole of a graph that nothing but its links holds together."""

Ends = tuple[Any, Any]
"""The keys of a prerequisite and of what waits for it."""

UP, DOWN = "up", "down"

Side = tuple[Any, str]
"""A key, and whether its prerequisites or its dependents are meant."""

Neighbours = Callable[[Collection[Any]], Sequence[Ends]]
"""Return links that touch one of the given keys, the most interesting first, where there are too many not all."""


@dataclass(frozen=True, slots=True)
class Link:
    """One edge: ``source`` -> ``target``, which waits."""

    source: Any
    target: Any
    condition: str
    on_failure: str
    met: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """The keys to show, nearest first; ``frontier`` are those whose neighbours were not asked for.

    ``rest`` counts the links that lead from a shown key to what there was no room for, upstream and downstream apart.
    """

    keys: tuple[Any, ...]
    frontier: tuple[Any, ...] = ()
    rest: Mapping[Side, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Tell whether everything that is linked is among the keys."""
        return not self.frontier and not self.rest


def walk(start: Any, steps: int, room: int, neighbours: Neighbours) -> Around:
    """Go ``steps`` links out from ``start``, up and down alike, until ``room`` keys are found."""
    seen: dict[Any, None] = {start: None}
    ring: list[Any] = [start]
    for _ in range(steps):
        found = neighbours(ring)
        outer = [key for key in dict.fromkeys(end for ends in found for end in ends) if key not in seen]
        kept = outer[: max(0, room - len(seen))]
        seen |= dict.fromkeys(kept)
        if len(kept) < len(outer):
            return Around(tuple(seen), tuple(kept), _rest(found, seen))
        ring = kept
        if not ring:
            break
    return Around(tuple(seen), tuple(ring))


def _rest(links: Iterable[Ends], seen: Collection[Any]) -> dict[Side, int]:
    known = dict.fromkeys(links)
    up = [(target, UP) for source, target in known if source not in seen and target in seen]
    down = [(source, DOWN) for source, target in known if source in seen and target not in seen]
    return dict(Counter([*up, *down]))


def among(links: Iterable[Ends]) -> Neighbours:
    """Return the neighbours by links that are in memory already."""
    touching: defaultdict[Any, list[Ends]] = defaultdict(list)
    for link in links:
        for end in link:
            touching[end].append(link)
    return lambda keys: [link for key in keys for link in touching.get(key, ())]

"""Split a graph into its connected parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.drawing.layout.geometry import Box, Pair, Sheet


@dataclass(frozen=True, slots=True)
class Component:
    """The numbers of the boxes and pairs of one part, in the whole graph, and the part on a sheet of its own."""

    boxes: tuple[int, ...]
    pairs: tuple[int, ...]
    sheet: Sheet


def split(boxes: Sequence[Box], pairs: Sequence[Pair]) -> list[Component]:
    """Return the connected parts, the largest first, else in the order of their first boxes."""
    roots = _roots(len(boxes), pairs)
    members: dict[int, list[int]] = {}
    for box, root in enumerate(roots):
        members.setdefault(root, []).append(box)
    inner: dict[int, list[int]] = {root: [] for root in members}
    for number, (source, _) in enumerate(pairs):
        inner[roots[source]].append(number)
    found = [_component(members[root], inner[root], boxes, pairs) for root in members]
    return sorted(found, key=lambda component: -len(component.boxes))


def _component(members: list[int], inner: list[int], boxes: Sequence[Box], pairs: Sequence[Pair]) -> Component:
    """Number the boxes of one part anew, from zero."""
    place = {box: number for number, box in enumerate(members)}
    own_pairs = tuple((place[pairs[number][0]], place[pairs[number][1]]) for number in inner)
    return Component(tuple(members), tuple(inner), Sheet(tuple(boxes[box] for box in members), own_pairs))


def _roots(count: int, pairs: Sequence[Pair]) -> list[int]:
    """Return for every box the one that stands for its part."""
    parent = list(range(count))

    def root(box: int) -> int:
        while parent[box] != box:
            parent[box] = parent[parent[box]]
            box = parent[box]
        return box

    for source, target in pairs:
        parent[root(target)] = root(source)
    return [root(box) for box in range(count)]

"""Place things along a line: near where each is wanted, and never closer than a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _Block:
    """Neighbours that touch each other and therefore move as one."""

    pull: float
    weight: float
    count: int

    @property
    def place(self) -> float:
        """Return where the block rests: the weighted mean of what its members want."""
        return self.pull / self.weight

    def join(self, other: _Block) -> None:
        """Take the next block in."""
        self.pull += other.pull
        self.weight += other.weight
        self.count += other.count


def spread(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Return the places with the least weighted sum of squared distances from the wanted ones.

    ``gaps[i]`` is the least distance from place ``i`` to the next. The method is pool adjacent violators: with the gaps
    taken off, places must not fall, so neighbours that would overlap are merged into a block at their common mean.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[_Block] = []
    for want, weight, offset in zip(wanted, weights, offsets, strict=False):
        blocks.append(_Block((want - offset) * weight, weight, 1))
        while len(blocks) > 1 and blocks[-2].place > blocks[-1].place:
            last = blocks.pop()
            blocks[-1].join(last)
    places = [block.place for block in blocks for _ in range(block.count)]
    return [place + offset for place, offset in zip(places, offsets, strict=False)]

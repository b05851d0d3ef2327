"""What the samples of a soak say: whether something grows, leaks or gets slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MB = 1024 * 1024
MOST_GROWTH = 20 * MB
"""Bytes that a worker may grow by in the second half; what it keeps from its first runs on is no leak."""
MOST_LATER = 0.5
"""Seconds by which the waits may be longer at the end than at the beginning."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: seconds since the beginning, memory of each worker, connections, waits and rows."""

    at: float
    rss: tuple[int, ...]
    connections: int
    waited: float
    """Seconds that the runs which began since the last look had waited: the median."""
    waited_95: float
    runs: int
    """Rows of runs."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the verdict."""

    what: str
    is_good: bool
    said: str


def verdict(samples: Sequence[Sample]) -> list[Part]:
    """Judge memory, connections, waits and tables by the second half, when all is warm."""
    half = samples[len(samples) // 2 :]
    third = max(1, len(samples) // 3)
    return [_memory(half), _connections(samples, half), _waits(samples[1 : third + 1], samples[-third:]), _rows(half)]


def _memory(half: Sequence[Sample]) -> Part:
    slopes = [slope([(each.at, each.rss[worker]) for each in half]) for worker in range(len(half[0].rss))]
    seconds = half[-1].at - half[0].at
    most = max(slopes)
    said = f"{max(half[-1].rss) / MB:.0f} MB at the end, {most * 60 / MB:+.2f} MB a minute in the second half"
    return Part("memory", most * seconds <= MOST_GROWTH, said)


def _connections(samples: Sequence[Sample], half: Sequence[Sample]) -> Part:
    before = max(each.connections for each in samples[: len(samples) - len(half) + 1])
    after = max(each.connections for each in half)
    return Part("connections", after <= before + 1, f"at most {before} in the first half, {after} in the second")


def _waits(first: Sequence[Sample], last: Sequence[Sample]) -> Part:
    was, became = median(each.waited_95 for each in first), median(each.waited_95 for each in last)
    middle = median(each.waited for each in last)
    said = f"{middle:.3f} s in the middle; 95 % within {was:.3f} s at first, {became:.3f} s at the end"
    return Part("waits", became <= 2 * was + MOST_LATER, said)


def _rows(half: Sequence[Sample]) -> Part:
    first, last = half[0].runs, half[-1].runs
    return Part("tables", last <= 1.5 * first + 500, f"{first} runs in the middle, {last} at the end, pruned all along")


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return by how much y grows for each x, by least squares; 0 where x does not change."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / below if below else 0.0

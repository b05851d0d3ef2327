"""Which faults happen when, and to whom: all of it follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KILL, STOP, TERM, CUT, CRASH = "kill -9", "SIGSTOP past the lease", "SIGTERM", "connections cut", "server crash"
WEIGHTS: Mapping[str, float] = {KILL: 3, STOP: 4, TERM: 2, CUT: 4}
MEAN_GAP = 0.7
"""Seconds between two faults: a fleet of four begins anew within about ten of them."""
CRASHES_AT = (0.3, 0.6, 0.85)
"""When the server crashes, as parts of the whole time."""
LONGER = (1.2, 2.4)
"""For how many leases a stopped process stands still."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; ``size`` is the leases that a stop takes, or the connections that are cut."""

    at: float
    kind: str
    worker: int
    size: float = 0.0


def plan(seed: int, seconds: float, workers: int, *, has_server: bool, can_crash: bool) -> list[Fault]:
    """Return the faults of so many seconds in their order."""
    dice = random.Random(seed)
    faults = list(_ordinary(dice, seconds, workers, WEIGHTS if has_server else {**WEIGHTS, CUT: 0}))
    if can_crash:
        faults += [Fault(part * seconds, CRASH, 0) for part in CRASHES_AT]
    return sorted(faults, key=lambda fault: fault.at)


def _ordinary(dice: random.Random, seconds: float, workers: int, weights: Mapping[str, float]) -> Iterator[Fault]:
    kinds = list(weights)
    at = dice.expovariate(1 / MEAN_GAP)
    while at < seconds:
        kind = dice.choices(kinds, [weights[each] for each in kinds])[0]
        size = {STOP: dice.uniform(*LONGER), CUT: dice.choice((1, 2, 3))}.get(kind, 0.0)
        yield Fault(at, kind, dice.randrange(workers), size)
        at += dice.expovariate(1 / MEAN_GAP)

"""Which queues a worker serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime


def served(paused: Mapping[str, datetime | None], wanted: Sequence[str], excluded: Sequence[str]) -> tuple[str, ...]:
    """Return the queues that a worker claims from, where ``paused`` tells of every known queue since when it is."""
    names = list(paused) if "*" in wanted else list(wanted)
    return tuple(name for name in dict.fromkeys(names) if name not in excluded and paused.get(name) is None)

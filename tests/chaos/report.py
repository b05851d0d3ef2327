"""What a storm has come to, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Report:
    """What was done to the fleet, what it did, and what should not have been."""

    vendor: str
    seed: int
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)
    figures: dict[str, float] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Give the table."""
        yield f"{self.vendor}: {self.seconds:g} seconds of faults, SEED={self.seed}"
        for name, number in [*sorted(self.faults.items()), *self.figures.items()]:
            yield f"  {name:<60} {number:>6}"
        for violation in self.violations:
            yield f"  VIOLATED: {violation}"
        yield f"  {len(self.violations) or 'nothing'} violated"

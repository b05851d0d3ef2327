"""A limit on work, counted in steps: the same graph gives the same picture on a fast machine and on a slow one."""

from __future__ import annotations


class Budget:
    """Count steps and say when they are used up; a step is one visit of a box or of a link."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.spent = 0

    def spend(self, steps: int) -> None:
        """Take steps, more than are left if need be."""
        self.spent += steps

    @property
    def exhausted(self) -> bool:
        """Say that the next piece of work is to be left out."""
        return self.spent >= self.steps

    def rounds(self, cost: int, least: int, most: int) -> int:
        """Return how many rounds of one cost are affordable, between two bounds."""
        left = max(0, self.steps - self.spent)
        return max(least, min(most, left // max(1, cost)))

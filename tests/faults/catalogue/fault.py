"""One line of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and what this app does then.

    ``untried`` says what of it no test here can try, and why; without a test it must be given.
    """

    number: int
    fault: str
    answer: str
    untried: str = ""

    @property
    def name(self) -> str:
        """Return the word by which tests name it in their mark."""
        return f"F{self.number}"

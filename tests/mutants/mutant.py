"""A guard that is taken out of the package, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class DoesNotApply(Exception):
    """Say that the text to replace is not there exactly once."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A patch: in ``file`` of the package ``old`` becomes ``new``; of ``tests``, arguments of pytest, one must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: str
    vendor: str = "sqlite"

    def apply(self, package: Path) -> None:
        """Change the file below ``package``; raise DoesNotApply."""
        path = package / self.file
        text = path.read_text() if path.exists() else ""
        if text.count(self.old) != 1:
            raise DoesNotApply(f"{self.name}: {self.file} holds the text {text.count(self.old)} times: {self.old!r}")
        path.write_text(text.replace(self.old, self.new))

    @property
    def layer(self) -> str:
        """Return the room of the tests that kill it."""
        return self.tests.split()[0].split("/")[1]

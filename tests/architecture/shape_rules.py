"""How rooms look: small, and called after a noun or a verb."""

from __future__ import annotations

from collections.abc import Iterator

from tests.architecture.rule import Breach, rule
from tests.architecture.source import Module
from tests.architecture.tiers import TIER

MOST_LINES = 250
MEANINGLESS = {"common", "helper", "helpers", "misc", "tools", "util", "utils"}


@rule("small-modules")
def small_modules(module: Module) -> Iterator[Breach]:
    """Find modules that have grown into two."""
    lines = module.text.count("\n")
    if lines > MOST_LINES and module.room != "migrations":
        yield MOST_LINES, f"{lines} lines are too many ({MOST_LINES}): split it by noun or verb"


@rule("meaningful-names")
def meaningful_names(module: Module) -> Iterator[Breach]:
    """Find names that say nothing about what is inside."""
    bad = MEANINGLESS & set(module.path.removesuffix(".py").split("/"))
    if bad:
        yield 1, f"{bad.pop()!r} is not a noun or a verb of the domain: name the module after what it does"


@rule("known-rooms")
def known_rooms(module: Module) -> Iterator[Breach]:
    """Find rooms that no tier lists."""
    if module.room not in TIER:
        yield 1, f"the room {module.room!r} has no place in the house: put it into TIERS in tiers.py"

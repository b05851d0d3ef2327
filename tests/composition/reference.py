"""Compositions as plain lists, and who waits for whom in them by the words of the documentation, with recursion."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django_tasks_fsm import chain, group
from tests.composition.sample import say

Written = int | tuple[str, list["Written"]]
"""A number is a call, the rest is ("chain" or "group", what is in it)."""


@dataclass(frozen=True)
class Met:
    """All numbers of a part, what it begins with, what it ends with, and its pairs (before, after)."""

    numbers: set[int]
    entries: set[int]
    exits: set[int]
    edges: set[tuple[int, int]]


def written(chance: random.Random, calls: int) -> Written:
    """Return a random composition of this many calls."""
    counter = iter(range(calls))
    return ("chain", _parts(chance, calls, counter))


def _parts(chance: random.Random, calls: int, counter: Any) -> list[Written]:
    parts: list[Written] = []
    while calls > 0:
        size = chance.randint(1, calls)
        if size == 1 or chance.random() < 0.4:
            parts.append(next(counter))
            calls -= 1
        else:
            parts.append((chance.choice(["chain", "group"]), _parts(chance, size, counter)))
            calls -= size
        if chance.random() < 0.2:
            parts.append((chance.choice(["chain", "group"]), []))
    return parts


def built(what: Written) -> Any:
    """Return the composition itself; each call says its number."""
    if isinstance(what, int):
        return say.step(what)
    parts = [built(part) for part in what[1]]
    return chain(*parts) if what[0] == "chain" else group(*parts)


def understood(what: Written) -> Met:
    """Return who waits for whom."""
    if isinstance(what, int):
        return Met({what}, {what}, {what}, set())
    parts = [met for met in map(understood, what[1]) if met.numbers]
    if not parts:
        return Met(set(), set(), set(), set())
    numbers, edges = set[int](), set[tuple[int, int]]()
    for met in parts:
        numbers |= met.numbers
        edges |= met.edges
    if what[0] == "group":
        return Met(numbers, set().union(*(m.entries for m in parts)), set().union(*(m.exits for m in parts)), edges)
    for one, other in pairwise(parts):
        edges |= {(before, after) for before in one.exits for after in other.entries}
    return Met(numbers, parts[0].entries, parts[-1].exits, edges)

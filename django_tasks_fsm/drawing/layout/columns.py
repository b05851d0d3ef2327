"""The table on which a layered layout works: boxes in columns, long links cut into steps from column to column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django_tasks_fsm.drawing.layout.geometry import Box, Sheet
from django_tasks_fsm.drawing.layout.ranks import ranks

MAX_BENDS = 15_000
"""Links that would need more bends in all, the longest of them, run straight and may cross a card."""

_BEND = Box(0.0, 2.0)


@dataclass(slots=True)
class Columns:
    """Boxes, and the bends of long links as boxes without width, by number.

    ``columns`` lists them from top to bottom; ``left`` and ``right`` list the neighbours of each in the next columns;
    ``chains`` lists for every pair its source, its bends and its target.
    """

    boxes: list[Box]
    rank: list[int]
    columns: list[list[int]]
    left: list[list[int]]
    right: list[list[int]]
    chains: list[list[int]]
    card_count: int

    def is_bend(self, box: int) -> bool:
        """Say whether a number stands for a bend."""
        return box >= self.card_count

    @property
    def size(self) -> int:
        """Return the cost of one visit of every box and every step."""
        return len(self.boxes) + sum(len(neighbours) for neighbours in self.left)


def make_columns(sheet: Sheet, max_bends: int = MAX_BENDS) -> Columns:
    """Put the boxes of a sheet into columns, in an order that keeps neighbours together."""
    rank = ranks(len(sheet.boxes), sheet.pairs)
    table = Columns(
        boxes=list(sheet.boxes),
        rank=rank,
        columns=[[] for _ in range(max(rank, default=-1) + 1)],
        left=[[] for _ in sheet.boxes],
        right=[[] for _ in sheet.boxes],
        chains=[list(pair) for pair in sheet.pairs],
        card_count=len(sheet.boxes),
    )
    for number in _affordable(table, max_bends):
        _cut(table, number)
    _fill(table)
    return table


def _affordable(table: Columns, max_bends: int) -> list[int]:
    """Return the pairs that may have their bends: short ones first, until there are enough."""
    spans = [table.rank[target] - table.rank[source] for source, target in table.chains]
    chosen: list[int] = []
    for number in sorted(range(len(spans)), key=spans.__getitem__):
        max_bends -= spans[number] - 1
        if max_bends < 0:
            break
        chosen.append(number)
    return sorted(chosen)


def _cut(table: Columns, number: int) -> None:
    """Put a bend into every column that a link passes, and make its steps neighbours."""
    source, target = table.chains[number]
    chain = [source]
    for rank in range(table.rank[source] + 1, table.rank[target]):
        chain.append(len(table.boxes))
        table.boxes.append(_BEND)
        table.rank.append(rank)
        table.left.append([])
        table.right.append([])
    chain.append(target)
    table.chains[number] = chain
    for before, after in pairwise(chain):
        table.right[before].append(after)
        table.left[after].append(before)


def _fill(table: Columns) -> None:
    """Fill the columns in the order of a search along the links, so that parallel paths start side by side."""
    seen: set[int] = set()
    starts = sorted(range(len(table.boxes)), key=lambda box: (bool(table.left[box]), table.rank[box]))
    for start in starts:
        stack = [start]
        while stack:
            box = stack.pop()
            if box not in seen:
                seen.add(box)
                table.columns[table.rank[box]].append(box)
                stack.extend(other for other in reversed(table.right[box] + table.left[box]) if other not in seen)

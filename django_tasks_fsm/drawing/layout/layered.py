"""The built-in engine: a layered layout from left to right, in pure Python: a fresh machine always has a picture.

The steps are those of Sugiyama, Tagawa and Toda (1981): columns, bends in long links, few crossings, straight links.
"""

from __future__ import annotations

from collections.abc import Sequence

from django_tasks_fsm.drawing.layout.budget import Budget
from django_tasks_fsm.drawing.layout.columns import Columns, make_columns
from django_tasks_fsm.drawing.layout.coordinates import column_spans, heights
from django_tasks_fsm.drawing.layout.geometry import Drawn, Sheet
from django_tasks_fsm.drawing.layout.ordering import order
from django_tasks_fsm.drawing.layout.routes import route

ORDERING_STEPS = 400_000
HEIGHT_STEPS = 200_000


def arrange(sheets: Sequence[Sheet]) -> list[Drawn]:
    """Arrange every sheet; the budget is for all of them together."""
    ordering, placing = Budget(ORDERING_STEPS), Budget(HEIGHT_STEPS)
    return [arrange_one(sheet, ordering, placing) for sheet in sheets]


def arrange_one(sheet: Sheet, ordering: Budget, placing: Budget) -> Drawn:
    """Arrange one connected sheet without cycles."""
    table = make_columns(sheet)
    order(table, ordering)
    return _drawn(table, heights(table, placing))


def _drawn(table: Columns, height: Sequence[float]) -> Drawn:
    """Read centres, curves and the size off the finished table."""
    spans = column_spans(table)
    middles = [(left + right) / 2 for left, right in spans]
    centres = [(middles[table.rank[box]], y) for box, y in enumerate(height)]
    curves = tuple(route(table, chain, centres, spans) for chain in table.chains)
    bottom = max(y + box.height / 2 for (_, y), box in zip(centres, table.boxes, strict=True))
    return Drawn(tuple(centres[: table.card_count]), curves, spans[-1][1], bottom)

"""Which rows to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Pick:
    """Rows to take: the first ``limit`` that match ``where`` in ``order``, skipping what others have locked.

    ``order`` names columns, a leading "-" meaning descending. With ``lanes`` the scan is made once for each of these
    values of ``lane_column`` and merged, so that an index that leads with that column always serves. ``most`` names
    lanes of which fewer are taken.
    """

    table: str
    where: str
    order: tuple[str, ...]
    limit: int
    lane_column: str = ""
    lanes: tuple[Any, ...] = ()
    most: Mapping[Any, int] = field(default_factory=dict)

    def most_of(self, lane: Any) -> int:
        """Return how many rows of a lane may be taken."""
        return min(self.limit, self.most.get(lane, self.limit))

    @property
    def order_sql(self) -> str:
        """Return the ORDER BY list."""
        return ", ".join(f"{column[1:]} DESC" if column.startswith("-") else column for column in self.order)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that ``order`` names."""
        return tuple(column.lstrip("-") for column in self.order)

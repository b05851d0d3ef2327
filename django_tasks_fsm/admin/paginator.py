"""Pages of a list that may have millions of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.paginator import Page, Paginator
from django.utils.formats import number_format
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.db.models import QuerySet

CAP = 10_000
"""Counting and skipping stop here; who looks for something older narrows the list by a filter."""

FEW = 1_000
"""Up to so many rows of a filtered list are found by their keys."""

NEWEST_FIRST = ("-id",)


class CappedPaginator(Paginator):
    """Count up to 10,000 rows and offer no page behind them."""

    @property
    def rows(self) -> QuerySet[Any]:
        """Return all rows of the list."""
        return cast("QuerySet[Any]", self.object_list)

    @cached_property
    def _keys(self) -> list[Any] | None:
        """Return the keys of a filtered list, newest first; None where there are many, or no filter.

        A filter that few rows pass is the dear case: in the order of the list, the database would walk through all of
        the table, newest first, to fill one page. Asked for keys in no order it takes the filter's index and is done.
        """
        if not self.rows.query.has_filters() or self.rows.query.order_by != NEWEST_FIRST:
            return None
        found = list(self.rows.order_by().values_list("pk", flat=True)[: FEW + 1])
        return sorted(found, reverse=True) if len(found) <= FEW else None

    @cached_property
    def _found(self) -> int:
        # Unordered: the database may stop at the first rows it meets, in whatever index it likes.
        return len(self._keys) if self._keys is not None else self.rows.order_by()[: CAP + 1].count()

    @cached_property
    def count(self) -> int:
        """Return how many rows can be reached."""
        return min(self._found, CAP)

    @property
    def is_capped(self) -> bool:
        """Tell whether there are more rows than can be reached."""
        return self._found > CAP

    @property
    def shown_count(self) -> str:
        """Return the number of rows as people read it, "10,000+" where they were not all counted."""
        number = number_format(self.count, use_l10n=True, force_grouping=True)
        return f"{number}+" if self.is_capped else number

    def between(self, start: int, end: int) -> QuerySet[Any]:
        """Return the rows from ``start`` to before ``end``: by their keys where these are known."""
        return self.rows[start:end] if self._keys is None else self.rows.filter(pk__in=self._keys[start:end])

    def page(self, number: int | str) -> Page[Any]:
        """Return one page; raise InvalidPage behind the last one."""
        found = super().page(number)
        start = (found.number - 1) * self.per_page
        found.object_list = self.between(start, min(start + self.per_page, self.count))
        return found

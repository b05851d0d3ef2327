"""A list that sorts and filters only by what an index serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    from django_tasks_fsm.admin.bounded import BoundedAdmin
    from django_tasks_fsm.admin.paginator import CappedPaginator


class BoundedChangeList(ChangeList):
    """Ignore ``?o=``, refuse filters that the admin does not declare, load only the columns that are shown."""

    @property
    def bounded(self) -> BoundedAdmin:
        """Return the admin, which is one of this app."""
        return cast("BoundedAdmin", self.model_admin)

    def get_filters(self, request: HttpRequest) -> Any:
        """Read the filters; raise IncorrectLookupParameters, which leads back to the whole list, for an unknown one.

        Django would take any field of the model here, with any lookup: ``?result__regex=`` reads the whole table.
        """
        declared = {getattr(one, "parameter_name", None) for one in self.list_filter}
        if set(self.get_filters_params()) - declared:
            raise IncorrectLookupParameters
        return super().get_filters(request)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the admin's own order, whatever the query string asks for."""
        return list(self.model_admin.get_ordering(request))

    def get_ordering_field_columns(self) -> dict[int, Any]:
        """Mark no column as sorted: none can be."""
        return {}

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        """Return the rows, without the columns that the list does not show."""
        rows = super().get_queryset(request, *args, **kwargs)
        shown = self.bounded.list_only
        return rows.only(*shown) if shown else rows

    def get_results(self, request: HttpRequest) -> None:
        """Read one page and what the admin adds to it."""
        super().get_results(request)
        pages = cast("CappedPaginator", self.paginator)
        if not self.query or pages.is_capped:
            self.full_result_count = self.result_count  # the number stands below the list, as far as it is known
        is_one_page = not self.multi_page or (self.show_all and self.can_show_all)
        rows = pages.between(0, self.list_max_show_all) if is_one_page else self.result_list
        self.result_list = self.bounded.with_extras(list(rows))

"""Tasks by their group."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.filters import ChoiceFilter, Choices
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.querysets import MOST_GROUPS


class GroupFilter(ChoiceFilter):
    """Offer the groups that have tasks: what belongs together is chosen, and paused or resumed, at once."""

    title = _("group")
    parameter_name = "group"

    def offered(self) -> Choices:
        """Return the names of the groups."""
        groups = Task.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct()
        return [(name, name) for name in groups[:MOST_GROUPS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the tasks of the group."""
        return queryset if self.value() is None else queryset.filter(group=self.value())

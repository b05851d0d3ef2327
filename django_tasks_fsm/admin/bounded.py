"""The ground of the app's admins: bounded lists, pages with panels, the stylesheet."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.core.exceptions import ValidationError
from django.db.models import CharField, Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from django_tasks_fsm.admin.changelist import BoundedChangeList
from django_tasks_fsm.admin.paginator import CappedPaginator


class BoundedAdmin(admin.ModelAdmin):
    """List rows without counting, sorting or searching all of them, and show panels on the page of one."""

    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    sortable_by = ()
    change_form_template = "django_tasks_fsm/admin/change_form.html"

    list_only: tuple[str, ...] = ()
    """The columns that the list loads; all where it is empty."""
    panels_template = ""
    """What the page of one row shows above its fields."""

    class Media:
        css = {"all": ("django_tasks_fsm/fsm.css", "django_tasks_fsm/admin.css")}
        js = ("django_tasks_fsm/fsm.js", "django_tasks_fsm/live.js")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        """Return the class of the list."""
        return BoundedChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, or do an action; chosen keys that no row could bear, of a form made up, are not chosen."""
        if ACTION_CHECKBOX_NAME in request.POST:
            sent = request.POST.copy()
            sent.setlist(ACTION_CHECKBOX_NAME, [key for key in sent.getlist(ACTION_CHECKBOX_NAME) if self._is_key(key)])
            request.POST = sent  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    def _is_key(self, text: str) -> bool:
        column: Any = self.opts.pk
        if isinstance(column, CharField):
            return "\x00" not in text  # which PostgreSQL refuses even in a question
        try:
            column.run_validators(column.to_python(text))
        except ValidationError:
            return False
        return True

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row, or None for a key that no row could bear."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def with_extras(self, rows: list[Any]) -> list[Any]:
        """Return the rows of one page of the list with what their columns need beside them."""
        return rows

    def panels(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what ``panels_template`` shows."""
        return {}

    def tools(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """Return the links at the top of the page, as (address, words)."""
        return []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the page with its panels and links."""
        obj = kwargs.get("obj")
        if obj is not None:
            context |= {"panels_template": self.panels_template, "tools": self.tools(request, obj)}
            context |= self.panels(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def url_of(self, name: str, *args: Any) -> str:
        """Return the address of one of this admin's views."""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}",
            args=[quote(arg) if position == 0 else arg for position, arg in enumerate(args)],
            current_app=self.admin_site.name,
        )


class ReadOnlyAdmin(BoundedAdmin):
    """Show rows that people change by verbs only, or not at all."""

    fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the engine makes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: there is no field to edit."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows go by retention."""
        return False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the panels instead of fields."""
        return super().render_change_form(request, context | {"hide_fields": True}, *args, **kwargs)

"""The graph of a row as a file, and the states that the row can go through as a page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext

from django_tasks_fsm.admin.bounded import BoundedAdmin
from django_tasks_fsm.admin.graph_panel import Picture
from django_tasks_fsm.admin.graph_view import View, view_of
from django_tasks_fsm.admin.picture_files import as_file, graph_file, kinds
from django_tasks_fsm.core.machine import Machine
from django_tasks_fsm.drawing import Graph, machine_svg, word
from django_tasks_fsm.drawing.machine import MACHINES, MachineName

READING = ("GET", "HEAD")


class GraphAdmin(BoundedAdmin):
    """Offer the graph of a row for download, and the picture of its states."""

    machine: MachineName = "run"

    def graph(self, obj: Any, view: View) -> Graph:
        """Return the graph around a row, without links."""
        return Graph(())

    def get_urls(self) -> list[URLPattern]:
        """Add the files and the page of the states."""
        name, wrap = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        return [
            path("states/", wrap(self.states_view), name=f"{name}_states"),
            path("states.svg", wrap(self.states_file), name=f"{name}_states_file"),
            path("<path:object_id>/graph.<str:kind>", wrap(self.graph_view), name=f"{name}_graph"),
            *super().get_urls(),
        ]

    def downloads(self, obj: Any, view: View) -> list[tuple[str, str]]:
        """Return the links to the files, for the part of the graph that the page shows."""
        return [(self.url_of("graph", obj.pk, kind) + view.suffix(), kind.upper()) for kind in kinds()]

    def graph_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Send the graph of one row as a file."""
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        obj = self.viewed(request, object_id)
        return graph_file(self.graph(obj, view_of(request)), kind, slugify(str(obj)) or "graph")

    def viewed(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row that an address names, for who may view it; raise PermissionDenied or Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj

    def states_view(self, request: HttpRequest) -> HttpResponse:
        """Show the states, and by which events one follows another."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("States of a run") if self.machine == "run" else gettext("States of a task"),
            "opts": self.opts,
            "media": self.media,
            "svg": format_html("{}", Picture(machine_svg(self.machine))),
            "rows": _rows(MACHINES[self.machine]),
            "download": self.url_of("states_file"),
        }
        return TemplateResponse(request, "django_tasks_fsm/admin/states.html", context)

    def states_file(self, request: HttpRequest) -> HttpResponse:
        """Send the picture of the states."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        return as_file(machine_svg(self.machine, standalone=True), "svg", f"{self.machine}-states")


def _rows(machine: Machine[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each state with its events and where they lead."""
    return [
        (str(state), [(event, ", ".join(word(str(target)) for target in targets)) for event, targets in row.items()])
        for state, row in machine.table.items()
    ]

"""The pictures on the page of a run: its graph and its timeline, as they are and as files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.utils.translation import gettext

from django_tasks_fsm.admin.graph_admin import READING
from django_tasks_fsm.admin.graph_panel import panel, timeline_panel
from django_tasks_fsm.admin.graph_view import View, view_of
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.live import LiveAdmin
from django_tasks_fsm.admin.picture_files import as_file
from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.drawing import Graph, draw_gantt
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.pictures.run_graph import graph_of
from django_tasks_fsm.pictures.runs import Runs, runs_around
from django_tasks_fsm.pictures.timeline import timeline_of

PAYLOAD = ("args", "kwargs", "result")
_MARKED = (
    "pk", "state", "label", "waiting_on", "attempt", "progress", "run_at", "started_at", "finished_at", "worker_id",
)  # fmt: skip


class RunPictures(LiveAdmin):
    """Draw the runs around one, once for the page and once for each file."""

    machine = "run"

    def get_urls(self) -> list[URLPattern]:
        """Add the timeline as a file."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_timeline"
        view = self.admin_site.admin_view(self.timeline_view)
        return [path("<path:object_id>/timeline.svg", view, name=name), *super().get_urls()]

    def around(self, obj: Any, view: View) -> Runs:
        """Return the runs around one, read once for a request."""
        if not hasattr(obj, "runs_around"):
            obj.runs_around = runs_around(obj, view.steps)
        found: Runs = obj.runs_around
        return found

    def graph(self, obj: Any, view: View) -> Graph:
        """Return the runs around one, for download."""
        return graph_of(self.around(obj, view), obj.pk)

    def marks(self, request: HttpRequest, obj: TaskRun) -> tuple[list[Any], bool]:
        """Return what the rows that the page shows hold, but for payloads, and whether all of them have ended."""
        shown = self.around(obj, view_of(request))
        rows = [tuple(getattr(run, name) for name in _MARKED) for run in shown.runs]
        own = [getattr(obj, field.attname) for field in obj._meta.concrete_fields if field.name not in PAYLOAD]
        detail = getattr(obj, "detail", None)
        told = detail and (detail.progress_done, detail.progress_total, detail.progress_note, len(detail.log))
        is_at_rest = all(run.state in FINAL for run in (obj, *shown.runs))
        return [own, told, rows, shown.links, shown.left_out], is_at_rest

    def pictures(self, request: HttpRequest, obj: TaskRun, links: Links) -> dict[str, Any]:
        """Return what the page shows of graph and timeline."""
        view = view_of(request)
        shown = self.around(obj, view)
        listing = links.listing("taskrun", {"graph": obj.graph}) if obj.graph else ""
        picture = panel(graph_of(shown, obj.pk, links.page, listing), shown, view)
        return {
            "graph": picture,
            "graph_title": gettext("Run graph"),
            "downloads": self.downloads(obj, view) if picture else (),
            "timeline": timeline_panel(timeline_of(shown, obj.pk, links.page), view) if view.timeline else None,
            "timeline_href": view.address(timeline="runs") + "#h-timeline",
            "timeline_file": self.url_of("timeline", obj.pk) + view.suffix(),
            "states_href": self.url_of("states"),
            "listing": listing,
        }

    def timeline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the timeline of the runs around one."""
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        obj = self.viewed(request, object_id)
        view = view_of(request)
        timeline = timeline_of(self.around(obj, view), obj.pk)
        svg = draw_gantt(timeline, by_lane=view.timeline == "worker", standalone=True)
        return as_file(svg, "svg", (slugify(str(obj)) or "run")[:60] + "-timeline")

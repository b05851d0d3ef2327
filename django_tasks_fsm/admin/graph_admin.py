"""The graph of a row as a file: a picture, or the source for Graphviz."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.text import slugify

from django_tasks_fsm import conf
from django_tasks_fsm.admin.bounded import BoundedAdmin
from django_tasks_fsm.admin.graph_panel import part_of
from django_tasks_fsm.drawing import Graph, GraphTooLarge, LayoutFailed, draw_svg, to_dot

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For the picture alone: it carries its style, and nothing in it may run or load anything."""

KINDS = {"svg": "image/svg+xml", "dot": "text/vnd.graphviz"}


class GraphAdmin(BoundedAdmin):
    """Offer the graph of a row for download."""

    def graph(self, request: HttpRequest, obj: Any) -> tuple[Graph, bool]:
        """Return the graph around a row, without links, and whether that is all of it."""
        return Graph(()), True

    def get_urls(self) -> list[URLPattern]:
        """Add the two files."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_graph"
        view = self.admin_site.admin_view(self.graph_view)
        return [path("<path:object_id>/graph.<str:kind>", view, name=name), *super().get_urls()]

    def downloads(self, obj: Any, steps: str) -> list[tuple[str, str]]:
        """Return the links to both files, for the part of the graph that the page shows."""
        return [(f"{self.url_of('graph', obj.pk, kind)}?steps={steps}", kind.upper()) for kind in KINDS]

    def graph_view(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Send the graph of one row as a file."""
        if kind not in KINDS:
            raise Http404
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(("GET", "HEAD"))
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        graph, is_whole = self.graph(request, obj)
        shown, _ = part_of(graph, str(obj.pk), request.GET.get("steps"), is_whole)
        return _as_file(shown, kind, slugify(str(obj)) or "graph")


def _as_file(graph: Graph, kind: str, name: str) -> HttpResponse:
    try:
        text = draw_svg(graph, conf.options().graph_engine, standalone=True) if kind == "svg" else to_dot(graph).source  # type: ignore[arg-type]
    except (GraphTooLarge, LayoutFailed) as error:
        raise Http404(str(error)) from error
    headers = {
        "Content-Disposition": f'attachment; filename="{name[:80]}.{kind}"',
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(text, content_type=f"{KINDS[kind]}; charset=utf-8", headers=headers)

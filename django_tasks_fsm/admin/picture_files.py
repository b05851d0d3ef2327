"""Pictures as files: harmless wherever they are opened."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from django_tasks_fsm import conf
from django_tasks_fsm.drawing import Graph, GraphTooLarge, LayoutFailed, draw_svg, to_dot
from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.rendered import RENDERED, is_installed, render

POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For the picture alone: it carries its style, and nothing in it may run or load anything."""

KINDS = {
    "svg": "image/svg+xml; charset=utf-8",
    "dot": "text/vnd.graphviz; charset=utf-8",
    "png": "image/png",
    "pdf": "application/pdf",
}


def kinds() -> tuple[str, ...]:
    """Return the kinds that can be made here: PNG and PDF only where Graphviz is installed."""
    return tuple(kind for kind in KINDS if kind not in RENDERED or is_installed())


def graph_file(graph: Graph, kind: str, name: str) -> HttpResponse:
    """Return a graph as a download; raise Http404 where it cannot be drawn as this kind."""
    if kind not in kinds():
        raise Http404
    try:
        return as_file(_content(graph, kind), kind, name)
    except (GraphTooLarge, LayoutFailed, DotFailed) as error:
        raise Http404(str(error)) from error


def _content(graph: Graph, kind: str) -> str | bytes:
    if kind == "svg":
        return draw_svg(graph, conf.options().graph_engine, standalone=True)  # type: ignore[arg-type]
    return to_dot(graph).source if kind == "dot" else render(graph, kind)  # type: ignore[arg-type]


def as_file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    """Return a download that may load and run nothing."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name[:80]}.{kind}"',
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=KINDS[kind], headers=headers)

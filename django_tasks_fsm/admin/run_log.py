"""The log of a run: its newest lines on the page, all of them as a file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext

from django_tasks_fsm.admin.graph_admin import READING
from django_tasks_fsm.admin.graph_view import Choice, View, view_of
from django_tasks_fsm.admin.live import LiveAdmin
from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.models import RunLog, TaskRun
from django_tasks_fsm.models.moments import instant

PAGE = 200
"""Lines on the page at once."""
SHOWN_LEVELS = ("", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class LogPanel:
    """One page of the log, the newest line last; pages are counted from the newest one on."""

    lines: Sequence[RunLog]
    levels: Sequence[Choice]
    left_out: int
    older: str
    newer: str

    @property
    def rows(self) -> Iterator[tuple[RunLog, str]]:
        """Give each line with the word for its level."""
        return ((line, logging.getLevelName(line.level)) for line in self.lines)


def log_panel(run: TaskRun, view: View) -> LogPanel | None:
    """Return what the page shows of the log; None where the run has logged nothing. Two statements."""
    told = run.lines.aggregate(last=Max("number"), count=Count("pk"))
    if not told["count"]:
        return None
    start = (view.log - 1) * PAGE
    found = list(lines_of(run, view.level).reverse()[start : start + PAGE + 1])
    return LogPanel(
        lines=found[:PAGE][::-1],
        levels=[(_address(view, level=level, log=1), _word(level), level == view.level) for level in SHOWN_LEVELS],
        left_out=told["last"] - told["count"],
        older=_address(view, log=view.log + 1) if len(found) > PAGE else "",
        newer=_address(view, log=view.log - 1) if view.log > 1 else "",
    )


def lines_of(run: TaskRun, level: str) -> QuerySet[RunLog]:
    """Return the lines of a run from this level on, oldest first."""
    return run.lines.filter(level__gte=LEVELS.get(level, 0)).order_by("fence", "number")


def _word(level: str) -> str:
    return level or gettext("all")


def _address(view: View, **changes: Any) -> str:
    return f"{view.address(**changes)}#h-lines"


def as_text(lines: Iterable[RunLog]) -> str:
    """Return lines as a text, with times in UTC; what stands in them is left as it is."""
    each = ((_stamp(line), logging.getLevelName(line.level), line.logger, line.message) for line in lines)
    return "".join(f"{at} {level} {logger}: {message}\n" for at, level, logger, message in each)


def _stamp(line: RunLog) -> str:
    return instant(line.at).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class RunLogAdmin(LiveAdmin):
    """Show the log of a run to those who may see payloads: nobody knows what a function has written there."""

    def get_urls(self) -> list[URLPattern]:
        """Add the log as a file."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_log"
        view = self.admin_site.admin_view(self.log_view)
        return [path("<path:object_id>/log.txt", view, name=name), *super().get_urls()]

    def may_see_log(self, request: HttpRequest) -> bool:
        """Tell whether the user may read what runs have logged."""
        return self.may_codename(request, "view_payload")  # type: ignore[attr-defined,no-any-return]

    def marks(self, request: HttpRequest, obj: Any) -> tuple[list[Any], bool]:
        """Return the marks of the page, and the newest line."""
        marks, is_at_rest = super().marks(request, obj)
        if not self.may_see_log(request):
            return marks, is_at_rest
        obj.newest_line = obj.lines.order_by("-fence", "-number").values_list("pk", flat=True).first()
        return [*marks, obj.newest_line], is_at_rest

    def log(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page shows of the log."""
        # The marks of the page were asked for before its panels.
        if not self.may_see_log(request) or getattr(obj, "newest_line", 0) is None:
            return {"log": None}
        view = view_of(request)
        address = self.url_of("log", obj.pk) + (f"?level={view.level}" if view.level else "")
        return {"log": log_panel(obj, view), "log_file": address}

    def log_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the log as a file."""
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        obj = self.viewed(request, object_id)
        if not self.may_see_log(request):
            raise PermissionDenied
        text = as_text(lines_of(obj, view_of(request).level))
        response = HttpResponse(text, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="run-{obj.pk}.log.txt"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

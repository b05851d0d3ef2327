"""Workers: who is alive, since when, and what each holds."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.bounded import ReadOnlyAdmin
from django_tasks_fsm.admin.filters import LivenessFilter
from django_tasks_fsm.admin.links import links_for
from django_tasks_fsm.admin.task_page import lines
from django_tasks_fsm.admin.times import both, brief
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Worker

HELD = 50
"""Runs shown on a worker's page."""


def liveness(worker: Worker, big: bool = False) -> str:
    """Return the badge of a worker: live, stopped, or lost when its heart has been silent for longer than the lease."""
    if worker.stopped_at is not None:
        return badge("RETIRED", gettext("Stopped"), big)
    return badge("ACTIVE", gettext("Live"), big) if worker.is_alive else badge("FAILED", gettext("Lost"), big)


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    """Workers write their own rows."""

    list_display = ("name", "status", "serves", "slots", "heartbeat", "place")
    list_filter = (LivenessFilter,)
    ordering = ("-heartbeat_at",)
    panels_template = "django_tasks_fsm/admin/worker.html"

    def with_extras(self, rows: list[Any]) -> list[Any]:
        """Count the runs that the workers on this page hold."""
        held = TaskRun.objects.order_by().filter(state=RunState.RUNNING.value, worker__in=rows)
        counts = dict(held.values_list("worker").annotate(count=Count("pk")))
        for worker in rows:
            worker.held_count = counts.get(worker.pk, 0)
        return rows

    @admin.display(description=_("state"))
    def status(self, obj: Worker) -> str:
        """Return whether it lives."""
        return liveness(obj)

    @admin.display(description=_("queues"))
    def serves(self, obj: Worker) -> str:
        """Return the queues it serves."""
        return served(obj)

    @admin.display(description=_("runs"))
    def slots(self, obj: Any) -> str:
        """Return how many runs it holds, of how many it may."""
        return f"{obj.held_count} / {obj.concurrency}"

    @admin.display(description=_("last heartbeat"))
    def heartbeat(self, obj: Worker) -> str:
        """Return when it was last heard of."""
        return brief(obj.heartbeat_at)

    @admin.display(description=_("process"))
    def place(self, obj: Worker) -> str:
        """Return host and process."""
        return f"{obj.host}:{obj.pid}"

    def panels(self, request: HttpRequest, obj: Worker) -> dict[str, Any]:
        """Return what the page shows."""
        links = links_for(self.admin_site, request)
        held: QuerySet[Any] = obj.runs.filter(state=RunState.RUNNING.value).select_related("task", "worker")
        runs = list(held.defer("args", "kwargs", "result").order_by("-id")[:HELD])
        return {
            "badge": liveness(obj, big=True),
            "facts": _facts(obj),
            "lines": lines(runs, links),
            "listing": links.listing("taskrun", {"worker": obj.pk}),
            "links": links,
        }


def served(worker: Worker) -> str:
    """Return the queues of a worker, and those it leaves out."""
    names = gettext("all") if "*" in worker.queues else ", ".join(worker.queues)
    if not worker.excluded_queues:
        return names
    return gettext("%(queues)s, without %(excluded)s") % {
        "queues": names,
        "excluded": ", ".join(worker.excluded_queues),
    }


def _facts(worker: Worker) -> list[tuple[str, Any]]:
    found = [
        (gettext("Queues"), served(worker)),
        (gettext("Concurrency"), worker.concurrency),
        (gettext("Process"), f"{worker.host}:{worker.pid}"),
        (gettext("Started"), both(worker.started_at)),
        (gettext("Last heartbeat"), both(worker.heartbeat_at)),
    ]
    return [*found, (gettext("Stopped"), both(worker.stopped_at))] if worker.stopped_at else found

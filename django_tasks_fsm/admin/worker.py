"""Workers: who is alive, since when, and what each holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm import conf
from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.bounded import ReadOnlyAdmin
from django_tasks_fsm.admin.filters import LivenessFilter
from django_tasks_fsm.admin.links import links_for
from django_tasks_fsm.admin.task_page import lines
from django_tasks_fsm.admin.times import brief
from django_tasks_fsm.admin.verb_admin import VerbAdmin, action_of
from django_tasks_fsm.admin.verbs import Verb, where_written
from django_tasks_fsm.admin.worker_page import facts, served, size
from django_tasks_fsm.admin.worker_verbs import RESIZE, WORKER_VERBS
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun, Worker

HELD = 50
"""Runs shown on a worker's page."""


def liveness(worker: Worker, big: bool = False) -> str:
    """Return the badge of a worker: live, paused, stopped, or lost where it has been silent longer than the lease."""
    if worker.stopped_at is not None:
        return badge("RETIRED", gettext("Stopped"), big)
    if not worker.is_alive:
        return badge("FAILED", gettext("Lost"), big)
    shown = badge("PAUSED", "", big) if worker.is_paused else badge("ACTIVE", gettext("Live"), big)
    return shown + badge("PENDING", gettext("Saturated"), big) if worker.is_saturated else shown


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin, VerbAdmin):
    """Workers write their own rows; people only put away those that are gone."""

    list_display = ("name", "status", "serves", "slots", "heartbeat", "place")
    list_filter = (LivenessFilter,)
    verbs = WORKER_VERBS
    actions = [action_of(verb) for verb in WORKER_VERBS]
    panels_template = "django_tasks_fsm/admin/worker.html"

    def has_delete_worker_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may put away those that are gone."""
        return self.may_codename(request, "delete_worker")

    def has_change_worker_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may pause, resume and resize."""
        return self.may_codename(request, "change_worker")

    def initial_for(self, verb: Verb, obj: Any) -> dict[str, Any]:
        """Begin with the size that was asked for last."""
        return {"slots": obj.desired_concurrency} if verb.name == RESIZE.name else super().initial_for(verb, obj)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Put the lost ones first and those that have stopped last; among each, who was heard of last."""
        is_lost = Q(stopped_at=None, heartbeat_at__lt=timezone.now() - conf.options().lease)
        place = Case(When(is_lost, then=0), When(stopped_at=None, then=1), default=2)
        return (place, "-heartbeat_at", "pk")

    def carry_out(self, request: HttpRequest, verb: Verb, rows: QuerySet[Any], said: Mapping[str, Any]) -> None:
        """Log what size was asked for, and those that are gone: their rows cannot be read again."""
        if verb.name == RESIZE.name:
            said = {**said, "reason": gettext(", ").join(filter(None, (size(said.get("slots")), said["reason"])))}
        before = list(where_written(rows))
        super().carry_out(request, verb, rows, said)
        kept = set(where_written(rows).values_list("pk", flat=True))
        gone: Any = [worker for worker in before if worker.pk not in kept]
        if gone:
            LogEntry.objects.log_actions(request.user.pk, gone, DELETION, said.get("reason", ""))  # type: ignore[arg-type]

    def described(self, obj: Worker) -> str:
        """Return a worker as the confirmation shows it."""
        return format_html("{} {}", liveness(obj), obj)

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
        """Return how many runs it holds, of how many it may, and may soon."""
        wanted = obj.desired_concurrency
        soon = f" \N{RIGHTWARDS ARROW} {wanted}" if wanted and wanted != obj.concurrency else ""
        return f"{obj.held_count} / {obj.concurrency}{soon}"

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
        held: QuerySet[Any] = obj.runs.filter(state=RunState.RUNNING.value)
        shown = held.select_related("task", "worker").defer("args", "kwargs", "result").order_by("-id")[:HELD]
        return {
            "badge": liveness(obj, big=True),
            "facts": list(facts(obj, held)),
            "lines": lines(list(shown), links),
            "listing": links.listing("taskrun", {"worker": obj.pk}),
            "links": links,
        }

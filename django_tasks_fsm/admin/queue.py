"""Queues: which are paused, by whom and why, and how much waits in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import router
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.bounded import ReadOnlyAdmin
from django_tasks_fsm.admin.history import spoken
from django_tasks_fsm.admin.latency_words import told_latency
from django_tasks_fsm.admin.links import links_for
from django_tasks_fsm.admin.queue_verbs import QUEUE_VERBS, queue_state
from django_tasks_fsm.admin.times import both, brief
from django_tasks_fsm.admin.verb_admin import VerbAdmin, action_of
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.models import Queue, TaskRun
from django_tasks_fsm.models.latency import by_queue

COUNTED = 1_000
"""Ready runs are counted up to here: enough to see that a queue does not keep up."""


def queue_badge(queue: Queue, big: bool = False) -> str:
    """Return the badge of a queue."""
    state = queue_state(queue)
    return badge(state, gettext("Open") if state == TaskState.ACTIVE else "", big)


@admin.register(Queue)
class QueueAdmin(ReadOnlyAdmin, VerbAdmin):
    """A queue comes into being when a run uses it; people pause and resume it."""

    list_display = ("name", "status", "since", "by", "until", "why")
    ordering = ("name",)
    search_fields = ("^name",)
    verbs = QUEUE_VERBS
    actions = [action_of(verb) for verb in QUEUE_VERBS]
    panels_template = "django_tasks_fsm/admin/queue.html"

    def has_change_queue_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may pause and resume."""
        return self.may_codename(request, "change_queue")

    @admin.display(description=_("state"))
    def status(self, obj: Queue) -> str:
        """Return whether it is served."""
        return queue_badge(obj)

    @admin.display(description=_("paused since"))
    def since(self, obj: Queue) -> str:
        """Return when it was paused."""
        return brief(obj.paused_at if obj.is_paused else None)

    @admin.display(description=_("paused by"))
    def by(self, obj: Queue) -> str:
        """Return who paused it."""
        return spoken(obj.paused_by) if obj.is_paused else ""

    @admin.display(description=_("paused until"))
    def until(self, obj: Queue) -> str:
        """Return when it goes on by itself."""
        return brief(obj.paused_until) if obj.is_paused and obj.paused_until else ""

    @admin.display(description=_("reason"))
    def why(self, obj: Queue) -> str:
        """Return why it is paused."""
        return obj.pause_reason if obj.is_paused else ""

    def panels(self, request: HttpRequest, obj: Queue) -> dict[str, Any]:
        """Return what the page shows."""
        links = links_for(self.admin_site, request)
        ready = TaskRun.objects.filter(state=RunState.QUEUED.value, queue=obj.pk)
        return {
            "badge": queue_badge(obj, big=True),
            "facts": _facts(obj, ready),
            "listing": links.listing("taskrun", {"queue": obj.pk, "state": RunState.QUEUED.value}),
        }

    def described(self, obj: Queue) -> str:
        """Return a queue as the confirmation shows it."""
        return format_html("{} {}", queue_badge(obj), obj)


def _facts(queue: Queue, ready: QuerySet[TaskRun]) -> list[tuple[str, Any]]:
    count = ready.order_by()[: COUNTED + 1].count()
    shown = f"{number_format(COUNTED, use_l10n=True, force_grouping=True)}+" if count > COUNTED else str(count)
    # The lane's own order, so that its index gives the first at once; the oldest of all would need a scan.
    first = ready.order_by("-priority", "run_at", "id").values_list("run_at", flat=True).first()
    found = [(gettext("Ready to run"), shown), (gettext("First in line since"), both(first))]
    using = router.db_for_read(TaskRun)
    found.append((gettext("Latency"), told_latency(by_queue(using).get(queue.pk))))
    if queue.is_paused:
        found += [(gettext("Paused since"), both(queue.paused_at)), (gettext("Paused by"), spoken(queue.paused_by))]
        if queue.paused_until is not None:
            found.append((gettext("Paused until"), both(queue.paused_until)))
        found += [(gettext("Reason"), queue.pause_reason or "\N{EN DASH}")]
    return found

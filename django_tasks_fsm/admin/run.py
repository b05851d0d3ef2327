"""Runs: a list of the newest, and a page that tells the whole life of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.badges import badge
from django_tasks_fsm.admin.bounded import ReadOnlyAdmin
from django_tasks_fsm.admin.explain_panel import why_run
from django_tasks_fsm.admin.filters import QueueFilter, RunStateFilter, WhenFilter
from django_tasks_fsm.admin.history import history_of
from django_tasks_fsm.admin.linked_filters import GraphFilter, TaskFilter, WorkerFilter
from django_tasks_fsm.admin.links import NO_LINKS, links_for
from django_tasks_fsm.admin.names import short_error, tail
from django_tasks_fsm.admin.neighbours import neighbours
from django_tasks_fsm.admin.repair_admin import RepairAdmin
from django_tasks_fsm.admin.run_company import company, service_facts, with_company
from django_tasks_fsm.admin.run_log import RunLogAdmin
from django_tasks_fsm.admin.run_page import facts, last_failure, payloads, progress
from django_tasks_fsm.admin.run_pictures import PAYLOAD, RunPictures
from django_tasks_fsm.admin.run_search import search
from django_tasks_fsm.admin.run_verbs import RUN_VERBS
from django_tasks_fsm.admin.times import brief, duration, percent, relative
from django_tasks_fsm.admin.verb_admin import action_of
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.pictures.words import shown_state

BESIDE = ("detail", "service", "bond")
"""What the page of a run shows of other tables, read with it."""


@admin.register(TaskRun)
class TaskRunAdmin(ReadOnlyAdmin, RunLogAdmin, RunPictures, RepairAdmin):
    """Runs are made by tasks and changed by verbs; nobody edits, adds or deletes one."""

    list_display = ("run", "status", "queue", "enqueued", "outcome")
    list_display_links = ("run",)
    list_filter = (RunStateFilter, WhenFilter, QueueFilter, TaskFilter, GraphFilter, WorkerFilter)
    list_select_related = ("task", "worker")
    list_only = (
        "state", "label", "queue", "run_at", "waiting_on", "attempt", "enqueued_at", "started_at", "finished_at",
        "error", "progress", "line", "task__name", "worker__name",
    )  # fmt: skip
    ordering = ("-id",)
    search_fields = ("id", "task__name")
    search_help_text = _("The id of a run, the beginning of a task's name, or the last part of it.")
    verbs = RUN_VERBS
    actions = [action_of(verb) for verb in RUN_VERBS if verb.is_listed]
    panels_template = "django_tasks_fsm/admin/run.html"

    # -- permissions --------------------------------------------------------------------------------------------------

    def has_cancel_run_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may cancel and abort."""
        return self.may_codename(request, "cancel_run")

    def has_retry_run_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may retry, reschedule and let go."""
        return self.may_codename(request, "retry_run")

    def has_resolve_run_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may give results in place of runs."""
        return self.may_codename(request, "resolve_run")

    # -- the list -----------------------------------------------------------------------------------------------------

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[Any, bool]:
        """Search by id or task name, never in payloads, errors or logs."""
        return search(queryset, search_term), False

    @admin.display(description=_("run"))
    def run(self, obj: TaskRun) -> str:
        """Return the task, and the label or the end of the id."""
        return format_html('{} <span class="quiet">{}</span>', obj.task.name, obj.label or tail(obj.pk))

    @admin.display(description=_("state"))
    def status(self, obj: TaskRun) -> str:
        """Return the badge, with how far a running one is."""
        progress = obj.progress if obj.state == RunState.RUNNING else None
        return format_html("{}{}", badge(shown_state(obj)), "" if progress is None else f" {percent(progress)}")

    @admin.display(description=_("enqueued"))
    def enqueued(self, obj: TaskRun) -> str:
        """Return when it was made, how late its last attempt started, and how long that ran or has been running."""
        made = brief(obj.enqueued_at)
        if obj.started_at is None or (obj.finished_at is None and obj.state != RunState.RUNNING):
            return made
        took = duration((obj.finished_at or timezone.now()) - obj.started_at)
        said = [gettext("ran %(duration)s") % {"duration": took}]
        if obj.latency is not None:
            said.insert(0, gettext("%(duration)s late") % {"duration": duration(obj.latency)})
        return format_html('{} <span class="quiet">{}</span>', made, ", ".join(said))

    @admin.display(description=_("outcome"))
    def outcome(self, obj: TaskRun) -> str:
        """Return the error, what it waits for, or who ran it."""
        return self._outcome(obj, obj.error)

    @admin.display(description=_("outcome"))
    def discreet_outcome(self, obj: TaskRun) -> str:
        """Return the same for who may not see payloads, which the message of an exception may tell."""
        return self._outcome(obj, NO_LINKS.error(obj.error))

    def _outcome(self, obj: TaskRun, error: str) -> str:
        if obj.state == RunState.PENDING and obj.waiting_on:
            return gettext("waits for %(count)d") % {"count": obj.waiting_on}
        if obj.line == Place.IN_LINE:
            return gettext("in line, due %(when)s") % {"when": relative(obj.run_at)}
        if obj.state == RunState.PENDING:
            return gettext("due %(when)s") % {"when": relative(obj.run_at)}
        return short_error(error) or (obj.worker.name if obj.worker is not None else "")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns that this user may see."""
        if links_for(self.admin_site, request).sees_payloads:
            return self.list_display
        return [*self.list_display[:-1], "discreet_outcome"]

    # -- the page -----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the runs; who may not see payloads does not load them, and the page of one loads its detail too."""
        is_page = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        runs = super().get_queryset(request).select_related("task", "worker", *(BESIDE if is_page else []))
        runs = runs.annotate(**with_company()) if is_page else runs
        return runs if self.may_codename(request, "view_payload") else runs.defer(*PAYLOAD)

    def panels(self, request: HttpRequest, obj: TaskRun) -> dict[str, Any]:
        """Return what the page shows."""
        links = links_for(self.admin_site, request)
        return {
            "run": obj,
            "shown_state": shown_state(obj),
            "facts": [*facts(obj, links), *service_facts(obj, links)],
            "progress": progress(obj),
            "why": why_run(obj, links),
            "history": history_of(obj),
            "failure": last_failure(obj),
            "error": links.error(obj.error),
            "is_repaired": obj.state == RunState.DONE,
            "payloads": payloads(obj) if links.sees_payloads else (),
            "links": links,
            "neighbours": neighbours(obj, links),
            "company": company(obj, links, links.sees_payloads),
            **self.log(request, obj),
            **self.pictures(request, obj, links),
        }

    # -- verbs --------------------------------------------------------------------------------------------------------

    def described(self, obj: TaskRun) -> str:
        """Return a run as the confirmation shows it."""
        return format_html("{} {}", badge(shown_state(obj)), obj)

    def initial_for(self, verb: Verb, obj: TaskRun) -> dict[str, Any]:
        """Return what the form of a verb holds at first: rescheduling starts from the time that is set."""
        return {"at": max(obj.run_at, timezone.now())}

    def dependents(self, obj: TaskRun) -> Sequence[str]:
        """Return the runs that wait for this one."""
        edges = RunPrerequisite.objects.filter(prerequisite=obj, met=False).select_related("run__task")
        return [self.described(edge.run) for edge in edges.order_by("run_id")[:20]]

    def asked(self, rows: QuerySet[Any]) -> Sequence[Any]:
        """Return the running runs that were asked to stop."""
        stopping = rows.filter(Q(state=RunState.RUNNING.value), cancel_requested_at__isnull=False)
        return list(stopping.values_list("pk", flat=True))

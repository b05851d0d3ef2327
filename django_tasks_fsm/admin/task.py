"""Tasks: what there is, when it fires next, how it went lately, and the form to change it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.badges import badge, strip
from django_tasks_fsm.admin.deletion import reasons_to_keep
from django_tasks_fsm.admin.explain_panel import why_task
from django_tasks_fsm.admin.filters import LastResultFilter, LateFilter, QueueFilter, TaskStateFilter, TriggerFilter
from django_tasks_fsm.admin.graph_panel import panel
from django_tasks_fsm.admin.graph_view import View, view_of
from django_tasks_fsm.admin.group_filter import GroupFilter
from django_tasks_fsm.admin.history import history_of_task
from django_tasks_fsm.admin.links import links_for
from django_tasks_fsm.admin.next_times import times_of
from django_tasks_fsm.admin.overrides import is_from_code
from django_tasks_fsm.admin.payload import pretty
from django_tasks_fsm.admin.prerequisites import PrerequisiteInline
from django_tasks_fsm.admin.recent import recent_states
from django_tasks_fsm.admin.schedule_words import schedule_of
from django_tasks_fsm.admin.task_fieldsets import fieldsets_for
from django_tasks_fsm.admin.task_form import TaskForm
from django_tasks_fsm.admin.task_page import facts, last_failure, last_runs, lines, notes
from django_tasks_fsm.admin.task_verbs import TASK_VERBS
from django_tasks_fsm.admin.times import planned
from django_tasks_fsm.admin.trigger_preview import TriggerPreviewAdmin
from django_tasks_fsm.admin.trigger_saving import follow_trigger
from django_tasks_fsm.admin.verb_admin import VerbAdmin, action_of
from django_tasks_fsm.admin.verbs import Verb
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.drawing import Graph
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.editing import note_overrides
from django_tasks_fsm.pictures.task_graph import graph_of, tasks_around
from django_tasks_fsm.redaction import masked_args, masked_kwargs

PAYLOAD = ("args", "kwargs")


@admin.register(Task)
class TaskAdmin(TriggerPreviewAdmin, VerbAdmin):
    """Tasks are few and edited by people; a function is chosen from those that are registered."""

    form = TaskForm
    inlines = (PrerequisiteInline,)
    list_display = ("name", "status", "next_run", "recent", "queue")
    list_filter = (TaskStateFilter, GroupFilter, QueueFilter, TriggerFilter, LateFilter, LastResultFilter)
    list_only = ("name", "state", "next_run_at", "queue", "trigger")
    ordering = ("name",)
    # The table of tasks is small, and names are paths whose last part people remember.
    search_fields = ("name", "=function")
    search_help_text = _("Part of a name, or a whole function.")
    verbs = TASK_VERBS
    actions = [action_of(verb) for verb in TASK_VERBS]
    panels_template = "django_tasks_fsm/admin/task.html"
    machine = "task"

    # -- permissions --------------------------------------------------------------------------------------------------

    def has_run_task_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may run, pause, resume and reschedule."""
        return self.may_codename(request, "run_task")

    def has_change_task_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may retire, restore and reset."""
        return self.may_codename(request, "change_task")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse for what code declares: it would come back."""
        return super().has_delete_permission(request, obj) and not (isinstance(obj, Task) and is_from_code(obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say which tasks must stay before everything that hangs on them is collected."""
        kept = reasons_to_keep(objs)
        return ([], {}, set(), kept) if kept else super().get_deleted_objects(objs, request)

    # -- the list -----------------------------------------------------------------------------------------------------

    def with_extras(self, rows: list[Any]) -> list[Any]:
        """Read how the last runs of the tasks on this page went, in one query."""
        states = recent_states([task.pk for task in rows])
        for task in rows:
            task.recent_states = states.get(task.pk, [])
        return rows

    @admin.display(description=_("state"))
    def status(self, obj: Task) -> str:
        """Return the badge."""
        return badge(obj.state)

    @admin.display(description=_("next run"))
    def next_run(self, obj: Task) -> str:
        """Return when it fires next, if it does, and by which schedule."""
        at = obj.next_run_at if obj.state == TaskState.ACTIVE else None
        when = planned(at) if at is not None else ""
        return format_html('{} <span class="quiet">{}</span>', when, schedule_of(obj))

    @admin.display(description=_("recent runs"))
    def recent(self, obj: Any) -> str:
        """Return the marks of the last runs."""
        return strip(obj.recent_states)

    @admin.display(description=_("schedule"))
    def schedule(self, obj: Task) -> str:
        """Return the trigger in words."""
        return schedule_of(obj)

    # -- the page -----------------------------------------------------------------------------------------------------

    @admin.display(description=_("arguments"))
    def shown_args(self, obj: Task) -> str:
        """Return the arguments for people who may see but not edit."""
        return format_html("<pre>{}</pre>", pretty(masked_args(obj.args, obj.function)))

    @admin.display(description=_("keyword arguments"))
    def shown_kwargs(self, obj: Task) -> str:
        """Return the keyword arguments for people who may see but not edit."""
        return format_html("<pre>{}</pre>", pretty(masked_kwargs(obj.kwargs, obj.function)))

    def get_fieldsets(self, request: HttpRequest, obj: Task | None = None) -> Any:
        """Return the fields that this user may see, as fields to edit or to read."""
        may_edit = self.has_change_permission(request, obj) if obj else True
        return fieldsets_for(may_edit, obj is None or self.may_codename(request, "view_payload"))

    def get_readonly_fields(self, request: HttpRequest, obj: Task | None = None) -> Any:
        """Lock what code alone decides, and leave out of the form what the user may not see."""
        locked = ["name", "function"] if is_from_code(obj) else []
        hidden = [] if obj is None or self.may_codename(request, "view_payload") else list(PAYLOAD)
        return (*locked, *hidden, "schedule", "previewed_times", "shown_args", "shown_kwargs")

    def panels(self, request: HttpRequest, obj: Task) -> dict[str, Any]:
        """Return what the page shows above the form."""
        links = links_for(self.admin_site, request)
        runs = last_runs(obj)
        view = view_of(request)
        around = tasks_around(obj, view.steps)
        picture = panel(graph_of(around, obj.pk, links.page), around, view)
        failure = last_failure(runs)
        return {
            "task": obj,
            "facts": facts(obj, runs, links),
            "notes": notes(obj),
            "why": why_task(obj, links),
            "times": times_of(obj),
            "lines": lines(runs, links),
            "listing": links.listing("taskrun", {"task": obj.pk}),
            "failure": failure,
            "error": links.error(failure.run.error) if failure and failure.run else "",
            "failure_href": links.page("taskrun", failure.run_id) if failure else "",
            "graph": picture,
            "graph_title": gettext("Task graph"),
            "downloads": self.downloads(obj, view) if picture else (),
            "states_href": self.url_of("states"),
            "history": history_of_task(obj),
            "links": links,
        }

    def graph(self, obj: Any, view: View) -> Graph:
        """Return the tasks around one, for download."""
        return graph_of(tasks_around(obj, view.steps), obj.pk)

    def save_model(self, request: HttpRequest, obj: Task, form: Any, change: bool) -> None:
        """Save, remember what was changed against code, and let a new trigger decide the next time."""
        columns = form.changed_columns
        if form.cleaned_data.get("trigger") is not None:
            obj.trigger = form.cleaned_data["trigger"]
        note_overrides(obj, columns)
        super().save_model(request, obj, form, change)
        if not change or "trigger" in columns:
            follow_trigger(obj, Actor.user(request.user))

    # -- verbs --------------------------------------------------------------------------------------------------------

    def described(self, obj: Task) -> str:
        """Return a task as the confirmation shows it."""
        return format_html("{} {}", badge(obj.state), obj)

    def initial_for(self, verb: Verb, obj: Task) -> dict[str, Any]:
        """Return what the form of a verb holds at first: rescheduling starts from the time that is set."""
        return {"at": obj.next_run_at or timezone.now()}

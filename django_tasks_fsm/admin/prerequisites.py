"""Prerequisites of a task, edited on its page: no task may wait for itself, at whatever distance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import router
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.graph import path, successors
from django_tasks_fsm.models import Task, TaskPrerequisite

MOST_OPTIONS = 200
"""Tasks listed in the page itself, for browsers without scripts; the others are found by typing."""


class TaskSelect(AutocompleteSelect):
    """Complete by typing where scripts run, and offer a plain list where they do not.

    All selects of a page share their options, so they cost one query and not one each.
    """

    shared: Iterable[tuple[int, str]] = ()

    def optgroups(self, name: str, value: Sequence[str], attrs: Any = None) -> list[Any]:
        """Return the empty choice and the shared ones."""
        chosen = [str(item) for item in value]
        offered = [("", ""), *((pk, label) for pk, label in self.shared)]
        made = [self.create_option(name, pk, label, str(pk) in chosen, at) for at, (pk, label) in enumerate(offered)]
        return [(None, made, 0)]


class PrerequisiteForm(forms.ModelForm):
    """Choose one prerequisite."""

    def clean_prerequisite(self) -> Task:
        """Refuse the task itself, before the constraint says it in the words of a database."""
        chosen: Task = self.cleaned_data["prerequisite"]
        if chosen.pk == self.instance.task_id:
            raise ValidationError(_("A task cannot wait for itself."))
        return chosen


class PrerequisiteFormSet(BaseInlineFormSet):
    """Refuse loops."""

    @cached_property
    def options(self) -> list[tuple[int, str]]:
        """Return the tasks that the plain lists offer: the first by name, and those that are chosen."""
        rows = dict(Task.objects.order_by("name").values_list("pk", "name")[:MOST_OPTIONS])
        chosen = {edge.prerequisite_id: edge.prerequisite.name for edge in self.get_queryset()}
        return sorted((rows | chosen).items(), key=lambda item: item[1])

    def add_fields(self, form: forms.ModelForm[Any], index: int | None) -> None:
        """Let the form's select share the options."""
        super().add_fields(form, index)
        if "prerequisite" in form.fields:
            widget: Any = form.fields["prerequisite"].widget
            getattr(widget, "widget", widget).shared = self.options
        for name in {"condition", "on_failure"} & set(form.fields):
            # The heading of a column is no label of the selects below it.
            form.fields[name].widget.attrs["aria-label"] = form.fields[name].label

    def clean(self) -> None:
        """Look for a way back from each new prerequisite to the task, through what is stored and what was entered."""
        super().clean()
        if any(self.errors) or self.instance.pk is None or not self.has_changed():
            return
        # Two people who each add one half of a loop at the same time: the second waits here and then sees the first.
        list(Task.objects.order_by("pk").select_for_update().values_list("pk", flat=True))
        written = TaskPrerequisite.objects.using(router.db_for_write(TaskPrerequisite))
        stored = written.exclude(task_id=self.instance.pk).values_list("prerequisite_id", "task_id")
        followers = successors(stored)
        for form in self.forms:
            chosen = form.cleaned_data.get("prerequisite")
            if chosen is None or form.cleaned_data.get("DELETE"):
                continue
            found = path(self.instance.pk, chosen.pk, followers)
            if found is not None:
                form.add_error("prerequisite", _refusal(found))


def _refusal(members: list[int]) -> ValidationError:
    """Return the error that names a loop: its members in order, the task itself first."""
    names = dict(Task.objects.filter(pk__in=members).values_list("pk", "name"))
    loop = " \N{RIGHTWARDS ARROW} ".join(names[pk] for pk in (*members, members[0]))
    return ValidationError(gettext("These tasks would wait for one another for ever: %(loop)s.") % {"loop": loop})


class PrerequisiteInline(admin.TabularInline):
    """The prerequisites belong to the task: who may change it may change them."""

    model = TaskPrerequisite
    fk_name = "task"
    form = PrerequisiteForm
    formset = PrerequisiteFormSet
    extra = 1
    verbose_name = _("prerequisite")
    verbose_name_plural = _("Prerequisites: runs of this task wait for the runs of these that are made with them")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the edges with both names."""
        return super().get_queryset(request).select_related("prerequisite", "task")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Use the select with shared options."""
        if db_field.name == "prerequisite":
            kwargs["widget"] = TaskSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Follow the task."""
        return self._may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Follow the task."""
        return self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Follow the task."""
        return self._may_edit(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Follow the task."""
        may = request.user.has_perm
        return may("django_tasks_fsm.view_task") or self._may_edit(request, obj)

    def _may_edit(self, request: HttpRequest, obj: Model | None) -> bool:
        verb = "add" if obj is None else "change"
        return request.user.has_perm(f"django_tasks_fsm.{verb}_task")

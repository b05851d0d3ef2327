"""The next times of a schedule that somebody is typing: a fragment that reads what was entered and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.graph_admin import READING, GraphAdmin
from django_tasks_fsm.admin.next_times import Times, previewed
from django_tasks_fsm.admin.problems import cap_problem
from django_tasks_fsm.admin.trigger_fields import TriggerFields
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.misfire import CatchUp, InvalidMisfirePolicy, MisfirePolicy
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task


class Entered(TriggerFields):
    """What the form of a task holds of its schedule at this moment."""

    name = forms.CharField(max_length=200, required=False)
    catch_up = forms.CharField(required=False)
    catch_up_cap = forms.IntegerField(required=False)
    misfire_grace = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def times(self, name: str) -> Times:
        """Return the next times, or what is wrong with the entry."""
        self.is_valid()
        built = self.built_trigger(self.cleaned_data.get("name") or name)
        wrong = [str(error) for field, errors in self.errors.items() if field != "name" for error in errors]
        if built is None or wrong:
            return Times("UTC", problem=" ".join(wrong))
        try:
            return previewed(triggers.load(built), self._policy())
        except InvalidMisfirePolicy:
            return Times("UTC", problem=cap_problem())
        except InvalidTrigger as error:
            return Times("UTC", problem=str(error))

    def _policy(self) -> MisfirePolicy:
        entered = self.cleaned_data
        grace, cap = entered.get("misfire_grace"), entered.get("catch_up_cap")
        return MisfirePolicy(
            cast(CatchUp, entered.get("catch_up") or "latest"),
            None if grace is None else timedelta(seconds=grace),
            100 if cap is None else cap,
        )


class TriggerPreviewAdmin(GraphAdmin):
    """Show the next times of a task below the fields of its schedule, anew at every entry where scripts run."""

    class Media:
        js = ("django_tasks_fsm/schedule.js",)

    def get_urls(self) -> list[URLPattern]:
        """Add the fragment, for a new task and for one that is there."""
        name, wrap = f"{self.opts.app_label}_{self.opts.model_name}_preview", self.admin_site.admin_view
        return [
            path("preview/", wrap(self.preview_view), name=f"{name}_new"),
            path("<path:object_id>/preview/", wrap(self.preview_view), name=name),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, object_id: str = "") -> HttpResponse:
        """Send the next times of what the address holds, to who may edit."""
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        task = self.viewed(request, object_id) if object_id else Task()
        is_allowed = self.has_change_permission(request, task) if object_id else self.has_add_permission(request)
        if not is_allowed:
            raise PermissionDenied
        form = Entered(request.GET)
        form.set_up_trigger(task.trigger)
        response = HttpResponse(form.times(task.name).rendered())
        patch_cache_control(response, private=True, no_store=True)
        return response

    @admin.display(description=_("Next times"))
    def previewed_times(self, obj: Task | None) -> str:
        """Return the next times of what is stored, where a script can put those of what is entered."""
        task = obj if obj is not None and obj.pk else Task()
        address = self.url_of("preview", task.pk) if task.pk else self.url_of("preview_new")
        frame = '<div class="fsm-preview" data-preview="{}" aria-live="polite">{}</div>'
        return format_html(frame, address, stored_times(task).rendered())


def stored_times(task: Any) -> Times:
    """Return the next times that the stored schedule would have if it were saved anew."""
    try:
        return previewed(task.fires, task.misfire_policy)
    except InvalidTrigger as error:
        return Times("UTC", problem=str(error))

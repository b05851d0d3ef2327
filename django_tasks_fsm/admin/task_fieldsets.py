"""Which fields of a task a person sees, and in which order."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.admin.trigger_fields import TRIGGER_FIELDS

_RETRIES = (("max_attempts", "timeout"), ("executor", "min_interval"), "on_lost", "cancel_on_exception")
_LIMITS = (("max_instances", "on_overlap"), ("concurrency", "rate_limit"))
_GRAPH = ("on_prerequisite_failure", "run_dependents")
_MISSED = ("max_runs", "catch_up", ("catch_up_cap", "misfire_grace"))


def fieldsets_for(may_edit: bool, may_see_payload: bool) -> list[tuple[Any, dict[str, Any]]]:
    """Return the fieldsets for one kind of user."""
    payload = (("args", "kwargs") if may_edit else ("shown_args", "shown_kwargs")) if may_see_payload else ()
    schedule = (*TRIGGER_FIELDS, "previewed_times") if may_edit else ("schedule",)
    return [
        (_("Definition"), {"fields": ("name", "function", *payload, ("queue", "priority"), "group", "description")}),
        (_("Schedule"), {"fields": (*schedule, *_MISSED), "classes": ("fsm-schedule",)}),
        (_("Limits and retries"), {"fields": (*_LIMITS, *_RETRIES)}),
        (_("In a graph"), {"fields": _GRAPH}),
    ]

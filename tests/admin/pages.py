"""Addresses and forms of the app's admin, and what its pages say."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from tests.admin.rows import FUNCTION

APP = "django_tasks_fsm"


def address(name: str, *args: Any) -> str:
    """Return the address of a view of the app's admin: ``address("taskrun_change", run.pk)``."""
    return reverse(f"admin:{APP}_{name}", args=args)


def said(response: Any) -> list[str]:
    """Return the messages that a page shows."""
    return [str(message) for message in response.context["messages"]]


def logged() -> list[str]:
    """Return what the log of changes says, oldest first."""
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def task_form(**changes: Any) -> dict[str, Any]:
    """Return what a browser sends to add or change a task."""
    form = {
        "name": "a new one", "function": FUNCTION, "args": "[]", "kwargs": "{}", "queue": "default", "priority": "0",
        "catch_up": "latest", "catch_up_cap": "100", "max_attempts": "1", "on_lost": "requeue",
        "on_prerequisite_failure": "block", "on_overlap": "skip",
        "trigger_kind": "manual", "prerequisite_edges-TOTAL_FORMS": "0", "prerequisite_edges-INITIAL_FORMS": "0",
    }  # fmt: skip
    return {**form, **changes}

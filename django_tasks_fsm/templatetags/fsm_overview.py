"""What the overview shows, for its template: Django's page of an app gives it no other door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from django_tasks_fsm.admin.history import spoken
from django_tasks_fsm.admin.latency_words import brief_latency
from django_tasks_fsm.admin.links import SEES_PAYLOADS
from django_tasks_fsm.admin.overview.board import board
from django_tasks_fsm.admin.times import duration, planned
from django_tasks_fsm.admin.worker import liveness
from django_tasks_fsm.admin.worker_page import served

register = template.Library()
register.filter("served", served)
register.filter("spoken", spoken)
register.filter("liveness", liveness)
register.filter("planned", planned)
register.filter("brief_latency", brief_latency)


@register.simple_tag(takes_context=True)
def overview(context: Context) -> dict[str, Any]:
    """Return the pieces that the user of the request may see."""
    request = context["request"]
    return board(context["app_list"], request.current_app, request.user.has_perm(SEES_PAYLOADS))


@register.filter
def since(moment: datetime) -> str:
    """Return how long something has been waiting."""
    return duration(timezone.now() - moment)

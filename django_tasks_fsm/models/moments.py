"""Datetimes between triggers, which know instants only, and columns, which hold local times without USE_TZ."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from django_tasks_fsm import conf
from django_tasks_fsm.core.times import storable


def instant(moment: datetime) -> datetime:
    """Return a moment that was read from a column, or from Django's clock, as an aware datetime."""
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def stored(moment: datetime) -> datetime:
    """Return a moment as its column holds it; raise MomentOutOfRange."""
    moment = storable(moment)
    return moment if conf.uses_time_zones() or timezone.is_naive(moment) else timezone.make_naive(moment)

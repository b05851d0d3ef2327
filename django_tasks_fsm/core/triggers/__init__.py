"""When a task fires: the kinds of triggers, their JSON, and short constructors for them.

A kind is a class in a file of its own, registered with ``register_kind``; nothing else lists the kinds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django_tasks_fsm.core.triggers.all_of import AllOf
from django_tasks_fsm.core.triggers.any_of import AnyOf
from django_tasks_fsm.core.triggers.base import Due, Trigger
from django_tasks_fsm.core.triggers.cron import Cron
from django_tasks_fsm.core.triggers.interval import Interval, from_seconds
from django_tasks_fsm.core.triggers.manual import Manual
from django_tasks_fsm.core.triggers.once import Once
from django_tasks_fsm.core.triggers.registry import dump, kinds, load, register_kind
from django_tasks_fsm.core.triggers.shown import Shown, shown
from django_tasks_fsm.core.triggers.walk import preview
from django_tasks_fsm.core.triggers.worker_life import WorkerStart, WorkerStop


def cron(expression: str, timezone: str = "UTC", **options: Any) -> Cron:
    """Return a trigger for a cron expression; ``options`` are the other fields of Cron."""
    return Cron(expression, timezone, **options)


def every(interval: timedelta | int | float, **options: Any) -> Interval:
    """Return a trigger for an interval (timedelta, or seconds); ``options`` are the other fields of Interval."""
    return Interval(interval if isinstance(interval, timedelta) else from_seconds(interval), **options)


def at(instant: datetime) -> Once:
    """Return a trigger that fires once, at an aware datetime."""
    return Once(instant)


def any_of(*members: Trigger) -> AnyOf:
    """Return a trigger that fires whenever one of the members does."""
    return AnyOf(members)


def all_of(*members: Trigger) -> AllOf:
    """Return a trigger that fires at the times that all members have."""
    return AllOf(members)


__all__ = [
    "AllOf",
    "AnyOf",
    "Cron",
    "Due",
    "Interval",
    "Manual",
    "Once",
    "Shown",
    "Trigger",
    "WorkerStart",
    "WorkerStop",
    "all_of",
    "any_of",
    "at",
    "cron",
    "dump",
    "every",
    "kinds",
    "load",
    "preview",
    "register_kind",
    "shown",
]

"""Background work in the project's own database: tasks, schedules and graphs with one state machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_tasks_fsm.composition import chain, group
    from django_tasks_fsm.context import current_run
    from django_tasks_fsm.declare import task
    from django_tasks_fsm.exceptions import BlockedError, StopSchedule
    from django_tasks_fsm.locking import named_lock
    from django_tasks_fsm.making import TaskQueue, make, make_later, make_now
    from django_tasks_fsm.services import service

__all__ = [
    "BlockedError", "StopSchedule", "TaskQueue", "__version__", "chain", "current_run", "group", "make", "make_later",
    "make_now", "named_lock", "service", "task",
]  # fmt: skip
__version__ = "0.1.0"

_ROOMS = {
    "BlockedError": "exceptions",
    "StopSchedule": "exceptions",
    "TaskQueue": "making",
    "chain": "composition",
    "current_run": "context",
    "group": "composition",
    "make": "making",
    "make_later": "making",
    "make_now": "making",
    "named_lock": "locking",
    "service": "services",
    "task": "declare",
}


def __getattr__(name: str) -> Any:
    # Importing Django's task classes needs configured settings, and this package is imported to read its version.
    if name in _ROOMS:
        return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Background work in the project's own database: tasks, schedules and graphs with one state machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_tasks_fsm.context import current_run
    from django_tasks_fsm.declare import task

__all__ = ["__version__", "current_run", "task"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Importing Django's task classes needs configured settings, and this package is imported to read its version.
    if name == "task":
        from django_tasks_fsm.declare import task

        return task
    if name == "current_run":
        from django_tasks_fsm.context import current_run

        return current_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

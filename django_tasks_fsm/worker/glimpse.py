"""What Django's log says of a run, without the rest: most of a TaskResult would be built for nobody to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.restored import alias_of
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.tasks_api import Task, TaskResultStatus


def glimpse(claim: Claim, task: Task, status: TaskResultStatus, whole: Callable[[], FSMTaskResult]) -> FSMTaskResult:
    """Return what stands in for a result where only the log listens; asked for more, it calls for the ``whole``."""
    return cast(FSMTaskResult, _Glimpse(claim, task, status, whole))


class _Glimpse:
    def __init__(self, claim: Claim, task: Task, status: TaskResultStatus, whole: Callable[[], FSMTaskResult]) -> None:
        self.id = str(claim.id)
        self.task = task
        self.status = status
        self.backend = alias_of(task)
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole(), name)

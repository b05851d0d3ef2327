"""The verbs that let rows wait for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router

from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.models.fields import StatefulModel

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun
    from django_tasks_fsm.models.task import Task


class RunRequiring(StatefulModel):
    """Edges between runs."""

    class Meta:
        abstract = True

    def require(self, other: TaskRun, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Wait for ``other`` too; an edge that stands already is left as it is.

        ``condition`` is done, finished or failed; ``on_failure`` (block, fail, cancel, skip, ignore) says what becomes
        of this run when the condition cannot hold any more, by default what its task says. Raise CycleFound,
        AlreadyStarted, UnknownPrerequisite and PrerequisiteDiffers.
        """
        # The step up, as Task.start takes it: adding edges is a verb of the store.
        from django_tasks_fsm.store.edges import RunEdge, require

        policy = OnFailure(on_failure) if on_failure else None
        require([RunEdge(self.pk, other.pk, Condition(condition), policy)], router.db_for_write(type(self)))
        self.refresh_from_db()

    def block(self, other: TaskRun, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Make ``other`` wait for this run; see ``require``."""
        this: Any = self
        other.require(this, condition=condition, on_failure=on_failure)


class TaskRequiring(StatefulModel):
    """Edges between tasks."""

    class Meta:
        abstract = True

    def require(self, other: Task, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Let runs of this task wait for the runs of ``other`` that are made with them; see ``TaskRun.require``.

        Runs that exist are not touched. Raise CycleFound and PrerequisiteDiffers.
        """
        from django_tasks_fsm.store.template import TaskEdge, require_tasks

        policy = OnFailure(on_failure) if on_failure else None
        require_tasks([TaskEdge(self.pk, other.pk, Condition(condition), policy)], router.db_for_write(type(self)))

    def block(self, other: Task, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Let runs of ``other`` wait for the runs of this task; see ``require``."""
        this: Any = self
        other.require(this, condition=condition, on_failure=on_failure)

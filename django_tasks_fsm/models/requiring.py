"""The verbs that let rows wait for one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import router

from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.models.fields import StatefulModel
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.requirements import awaited, both

if TYPE_CHECKING:
    from django_tasks_fsm.models.run import TaskRun
    from django_tasks_fsm.models.task import Task


class RunRequiring(StatefulModel):
    """Edges between runs."""

    class Meta:
        abstract = True

    def require(self, other: Any, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Wait for ``other`` too, a run or the result of one; an edge that stands already is left as it is.

        ``condition`` is done, finished or failed; ``on_failure`` (block, fail, cancel, skip, ignore) says what becomes
        of this run when the condition cannot hold any more, by default what its task says. Raise CycleFound,
        AlreadyStarted, UnknownPrerequisite and PrerequisiteDiffers, and InvalidTask for terms that there are not.
        """
        # The step up, as Task.start takes it: adding edges is a verb of the store.
        from django_tasks_fsm.store.edges import RunEdge, require

        (edge,) = awaited([(other, condition, on_failure or None)], "require()")
        require([RunEdge(self.pk, *edge)], router.db_for_write(type(self)))
        self.refresh_from_db()

    def block(self, other: Any, *, condition: str = "done", on_failure: str | None = None) -> None:
        """Make ``other``, a run or the result of one, wait for this run; see ``require``."""
        waiting: Any = getattr(other, "run", other)
        waiting.require(self, condition=condition, on_failure=on_failure)

    def then(
        self, task_or_run: Any, *args: Any, condition: str = "done", on_failure: str | None = None, **kwargs: Any
    ) -> TaskRun:
        """Let a new run of a task, or a given run or result, wait for this one, in its graph; return the run.

        A run that stands alone founds a graph. A new run is made at once, whatever has become of this one; arguments
        called like the two terms are passed by ``task.step(...)``. See ``require`` for the terms, and for what is
        raised for a given run; arguments beside one are a TypeError.
        """
        from django_tasks_fsm.composition import called

        terms = Condition(condition), OnFailure(on_failure) if on_failure else None
        given = getattr(task_or_run, "run", task_or_run)
        if isinstance(given, RunRequiring):
            if args or kwargs:
                raise TypeError("A run that exists has its arguments already; then() takes no others for it.")
            return self._followed_by(given, condition, on_failure)
        step = called(task_or_run, args, kwargs)
        edges = both(getattr(step.task, "prerequisites", ()), [Awaited(self.pk, *terms)])
        settings: dict[str, Any] = {"prerequisites": edges, "graph": getattr(step.task, "graph", None) or self._join()}
        result: Any = step.task.using(**settings).enqueue(*step.args, **step.kwargs)
        run: TaskRun = result.run
        return run

    def _followed_by(self, other: Any, condition: str, on_failure: str | None) -> TaskRun:
        other.require(self, condition=condition, on_failure=on_failure)
        other._join(self._join())
        run: TaskRun = other
        return run

    def _join(self, graph: Any = None) -> Any:
        """Let a run that stands alone join a graph, or found one; return the graph that it is of."""
        using = router.db_for_write(type(self))
        rows: Any = type(self)._default_manager.using(using).filter(pk=self.pk)

        def work() -> Any:
            rows.filter(graph__isnull=True).update(graph=graph or self.pk)
            return rows.values_list("graph", flat=True).get()

        self.graph = in_transaction(work, using)
        return self.graph


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

"""From a composition to its runs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_tasks_fsm.composition.layout import Part, laid_out
from django_tasks_fsm.composition.step import Step
from django_tasks_fsm.tasks_api import InvalidTask

if TYPE_CHECKING:
    from django_tasks_fsm.results import FSMTaskResult


@dataclass(frozen=True, slots=True)
class Enqueued:
    """The runs of a composition: their graph, and a result for each step in the order they were written."""

    graph: uuid.UUID
    results: tuple[FSMTaskResult, ...]

    @property
    def first(self) -> FSMTaskResult:
        """Return the result of the step that was written first."""
        return self.results[0]

    @property
    def last(self) -> FSMTaskResult:
        """Return the result of the step that was written last."""
        return self.results[-1]

    def wait(self, timeout: float) -> list[Any]:
        """Block until all runs are DONE, and return what they returned, in the order of ``results``.

        Raise RunFailed as soon as one has ended otherwise, and WaitTimeout after ``timeout`` seconds. Do not call it in
        a transaction: the changes would not become visible.
        """
        from django_tasks_fsm.store.wait import wait_until_done

        try:
            return wait_until_done([uuid.UUID(result.id) for result in self.results], timeout)
        finally:
            for result in self.results:
                result.refresh()


def enqueue(composition: Part) -> Enqueued:
    """Make the runs of a composition, all or none."""
    layout = laid_out(composition)
    if not layout.steps:
        raise ValueError("There is nothing to enqueue: no chain and no group here holds a step.")
    graph, results = _backend(layout.steps).enqueue_graph(layout.steps, layout.edges)
    return Enqueued(graph, tuple(results))


def _backend(steps: Sequence[Step]) -> Any:
    aliases = sorted({step.task.backend for step in steps})
    if len(aliases) > 1:
        raise InvalidTask(
            f"The steps belong to several backends ({', '.join(map(repr, aliases))}), so their runs cannot be made in "
            "one transaction. Bring them together with using(backend=...)."
        )
    backend: Any = steps[0].task.get_backend()
    if not hasattr(backend, "enqueue_graph"):
        raise InvalidTask(f"Backend {aliases[0]!r} cannot enqueue a graph: it is not one of django_tasks_fsm.")
    return backend

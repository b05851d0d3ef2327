"""What a running function may add to its graph."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_tasks_fsm.composition import Step, arguments, called
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.requirements import awaited
from django_tasks_fsm.tasks_api import InvalidTask

if TYPE_CHECKING:
    from django_tasks_fsm.results import FSMTaskResult

LONGEST_NAME = 160


class Spawning:
    """The verbs of RunContext that make child runs."""

    _claim: Claim
    _spawned: set[str]

    def spawn(
        self,
        task: FSMTask | Step,
        *args: Any,
        before: Iterable[Any] = (),
        after: Iterable[Any] = (),
        named: str = "",
        **kwargs: Any,
    ) -> FSMTaskResult:
        """Make a run in this run's graph, guarded by the fence, and return its result; raise OwnershipLost.

        It waits for the runs in ``after``, and those in ``before``, which must not have started, wait for it. A child
        is made once however often this run is tried: it is known by its task and arguments, or by ``named``. Arguments
        called like these three are passed by ``task.step(...)``.
        """
        name = _checked_name(named)
        return self._spawn([called(task, args, kwargs)], before, after, name)[0]

    def spawn_many(
        self,
        task: FSMTask,
        calls: Iterable[Sequence[Any] | Mapping[str, Any]],
        *,
        before: Iterable[Any] = (),
        after: Iterable[Any] = (),
    ) -> list[FSMTaskResult]:
        """Make one run for each call, all or none; calls are those of ``enqueue_many``, the rest is as in ``spawn``."""
        steps = [called(task, *arguments(call)) for call in calls]
        return self._spawn(steps, before, after) if steps else []

    async def aspawn(self, task: FSMTask | Step, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """See spawn."""
        return await sync_to_async(self.spawn)(task, *args, **kwargs)

    async def aspawn_many(self, task: FSMTask, calls: Iterable[Any], **edges: Any) -> list[FSMTaskResult]:
        """See spawn_many."""
        return await sync_to_async(self.spawn_many)(task, calls, **edges)

    def _spawn(
        self, steps: Sequence[Step], before: Iterable[Any], after: Iterable[Any], name: str = ""
    ) -> list[FSMTaskResult]:
        from django_tasks_fsm.store.spawn import Parent

        marks = [f"{self._claim.id.hex}:{name or _digest(step)}" for step in steps]
        # Each claim raises the fence, so where it is 1 there are no children but those of this attempt.
        parent = Parent(self._claim.id, self._claim.fence, self._claim.fence > 1 or not self._spawned.isdisjoint(marks))
        self._spawned.update(marks)
        edges = {"before": awaited(before, "before"), "after": awaited(after)}
        children: list[FSMTaskResult] = _backend(steps[0]).spawn(steps, marks, parent, **edges)
        return children


def _checked_name(name: str) -> str:
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"named must have at most {LONGEST_NAME} printable characters, not {name!r}.")
    return name


def _digest(step: Step) -> str:
    # Objects are equal whatever the order of their keys.
    call = json.dumps([step.task.module_path, step.args, step.kwargs], sort_keys=True)
    return hashlib.sha256(call.encode()).hexdigest()[:40]


def _backend(step: Step) -> Any:
    backend: Any = step.task.get_backend()
    if not hasattr(backend, "spawn"):
        raise InvalidTask(f"Backend {step.task.backend!r} cannot spawn a run: it is not one of django_tasks_fsm.")
    return backend

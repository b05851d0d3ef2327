"""Runs as Django's TaskResult shows them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import router
from django.utils import timezone

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.restored import alias_of, restored, task_of
from django_tasks_fsm.task_errors import ENDINGS, FSMTaskError, error_from, errors_of
from django_tasks_fsm.tasks_api import TASK_REFRESH_ATTRS, Task, TaskError, TaskResult, TaskResultStatus

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun, Transition

STATUS = {
    RunState.PREPARE: TaskResultStatus.READY,
    RunState.PENDING: TaskResultStatus.READY,
    RunState.QUEUED: TaskResultStatus.READY,
    RunState.RUNNING: TaskResultStatus.RUNNING,
    RunState.DONE: TaskResultStatus.SUCCESSFUL,
    RunState.FAILED: TaskResultStatus.FAILED,
    RunState.CANCELLED: TaskResultStatus.FAILED,
    RunState.SKIPPED: TaskResultStatus.FAILED,
    RunState.ABORTED: TaskResultStatus.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FSMTaskResult(TaskResult):  # type: ignore[misc]  # Django's is frozen, its stub is not
    """Django's TaskResult with the run's own state, which has more words than Django's four."""

    state: str = field(default=RunState.PENDING.value)

    @property
    def run(self) -> TaskRun:
        """Return the row, read now."""
        from django_tasks_fsm.models import TaskRun

        return TaskRun.objects.using(router.db_for_write(TaskRun)).select_related("task").get(pk=self.id)

    def wait(self, timeout: float) -> Any:
        """Block until the run has ended and return its result; see TaskRun.wait for what is raised."""
        try:
            return self.run.wait(timeout)
        finally:
            self.refresh()

    def refresh(self) -> None:
        """Read the run again."""
        self._take(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """Read the run again."""
        self._take(await self.task.get_backend().aget_result(self.id))

    def _take(self, fresh: TaskResult) -> None:
        for name in (*TASK_REFRESH_ATTRS, "state"):
            object.__setattr__(self, name, getattr(fresh, name))


def result_of(run: TaskRun, backend: str = "", task: Task | None = None) -> FSMTaskResult:
    """Return the result of a run as the alias ``backend`` shows it; reads transitions of runs that started.

    ``task`` spares a look into the registry.
    """
    transitions = this_life(run.pk, str(run._state.db)) if run.attempt or run.is_final else []
    shown = task or task_of(run, backend, transitions)
    result = FSMTaskResult(
        task=shown,
        id=str(run.pk),
        status=STATUS[RunState(run.state)],
        enqueued_at=run.enqueued_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        last_attempted_at=run.started_at,
        args=run.args,
        kwargs=run.kwargs,
        backend=shown.backend,
        errors=list(errors_of(transitions)),
        worker_ids=_worker_ids(run.attempt, run.worker_id, transitions),
        state=run.state,
    )
    object.__setattr__(result, "_return_value", run.result)
    return result


def this_life(run_id: uuid.UUID, using: str) -> list[Transition]:
    """Return the transitions of a run since it was last revived, or made."""
    from django_tasks_fsm.models import Transition

    rows: list[Transition] = []
    for row in Transition.objects.using(using).filter(run_id=run_id).order_by("pk"):
        revived = row.event in ("retry", "rerun") and row.from_state != RunState.RUNNING
        rows = [] if revived else [*rows, row]
    return rows


def past_of(claim: Claim) -> list[Transition]:
    """Return the transitions of earlier attempts of a claimed run; asks the database if there were any."""
    from django_tasks_fsm.models import TaskRun

    if claim.attempt < 2 or in_event_loop():
        return []
    return [row for row in this_life(claim.id, router.db_for_write(TaskRun)) if row.attempt < claim.attempt]


def in_event_loop() -> bool:
    """Tell whether a coroutine asks: Django lets nobody query there."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _worker_ids(attempt: int, last: uuid.UUID | None, transitions: Iterable[Transition]) -> list[str]:
    # attempts == len(worker_ids) is Django's rule; a released or rescheduled attempt was given back and counts in
    # neither.
    workers = {row.attempt: row.worker_id for row in transitions if row.from_state == RunState.RUNNING}
    workers[attempt] = last or workers.get(attempt)
    return [str(workers.get(number) or "") for number in range(1, attempt + 1)]


def parse_id(result_id: Any) -> uuid.UUID | None:
    """Return the run id in ``result_id``, or None where it cannot be one."""
    try:
        return uuid.UUID(str(result_id))
    except ValueError:
        return None


def claimed_result(claim: Claim, task: Task, worker_id: uuid.UUID) -> FSMTaskResult:
    """Return a run that this worker is executing; only one that was tried before is looked up in the database.

    Within an event loop it is not, and what earlier attempts left behind, workers and errors, stays open.
    """
    past = past_of(claim)
    return FSMTaskResult(
        task=restored(task, queue_name=claim.queue, priority=claim.priority, backend=alias_of(task)),
        id=str(claim.id),
        status=TaskResultStatus.RUNNING,
        enqueued_at=claim.enqueued_at,
        started_at=claim.started_at,
        finished_at=None,
        last_attempted_at=claim.started_at,
        args=claim.args,
        kwargs=claim.kwargs,
        backend=alias_of(task),
        errors=list(errors_of(past)),
        worker_ids=_worker_ids(claim.attempt, worker_id, past),
        state=RunState.RUNNING.value,
    )


def ended_result(outcome: Outcome, task: Task, worker_id: uuid.UUID) -> FSMTaskResult:
    """Return a run that this worker has just finished; otherwise as a claimed one."""
    result = claimed_result(outcome.claim, task, worker_id)
    state = RUN_MACHINE.target(outcome.ending.value, RunState.RUNNING)
    changes: dict[str, Any] = {"state": state.value, "status": STATUS[state], "finished_at": timezone.now()}
    if outcome.result_json is not None:
        changes["_return_value"] = json.loads(outcome.result_json)
    changes["errors"] = [*result.errors, *_own_error(outcome, state)]
    for name, value in changes.items():
        object.__setattr__(result, name, value)
    return result


def _own_error(outcome: Outcome, state: RunState) -> list[TaskError]:
    failure = outcome.failure
    if failure is not None:
        return [FSMTaskError(exception_class_path=failure.exception, traceback=failure.traceback)]
    return [error_from(ENDINGS[state](outcome.reason))] if state in ENDINGS else []

"""Take runs back from workers that no longer live."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Q

from django_tasks_fsm import registry
from django_tasks_fsm.core.dice import DICE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models import Task, TaskRun, Transition, Worker
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.run_verbs import cancel_if_asked, move_runs
from django_tasks_fsm.models.task import OnLost
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, Moved
from django_tasks_fsm.store.workers import living

BATCH = 100
POISON = "django_tasks_fsm.exceptions.WorkerLost"
MOST_DOUBLINGS = 6
"""A run that may be lost a hundred times comes back within about a minute all the same."""
LATELY = timedelta(hours=1)
"""A service lives for months, and workers die meanwhile without its fault: only its losses within this time count."""


def rescue(lease: timedelta, max_losses: int, using: str) -> list[Moved]:
    """Give the runs of lost workers back, or fail them by policy or as poison; return what was moved.

    Lost is a worker that has said it stopped, whose row is gone, or whose heartbeat is older than ``lease`` by the
    database's clock; never one whose run merely takes long. The worker's row is locked while its runs are taken, so a
    heartbeat that comes at the same moment either saves all of them or none.
    """
    held = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value)
    # No heartbeat at all: the row is gone. worker__pk would be read from the run, without a look at the workers.
    gone = (
        Q(worker__heartbeat_at=None)
        | Q(worker__stopped_at__isnull=False)
        | Q(worker__heartbeat_at__lt=DatabaseNow() - lease)
    )
    workers = list(held.filter(gone).order_by().values_list("worker_id", flat=True).distinct()[:BATCH])
    moved: list[Moved] = []
    for worker_id in workers:
        moved += in_transaction(lambda lost=worker_id: _take_back(lost, lease, max_losses, using), using)  # type: ignore[misc]
    return moved


def _take_back(worker_id: uuid.UUID, lease: timedelta, max_losses: int, using: str) -> list[Moved]:
    row = Worker.objects.using(using).filter(pk=worker_id).select_for_update().values_list("pk", flat=True).first()
    if row is not None and _lives(worker_id, lease, using):
        return []
    held = TaskRun.objects.using(using).filter(state=RunState.RUNNING.value, worker_id=worker_id)
    runs = list(held.order_by("pk").values_list("pk", "fence", "task_id")[:BATCH])
    failpoint("rescue.read")
    moved = [one for pk, fence, task_id in runs for one in _lose(pk, fence, task_id, max_losses, using)]
    failpoint("rescue.written")
    return moved


def _lives(worker_id: uuid.UUID, lease: timedelta, using: str) -> bool:
    return living(lease, using).filter(pk=worker_id).exists()


def _lose(run_id: uuid.UUID, fence: int, task_id: int, max_losses: int, using: str) -> tuple[Moved, ...]:
    function, on_lost = Task.objects.using(using).values_list("function", "on_lost").get(pk=task_id)
    losses = 1 + _losses(run_id, LATELY if registry.lifecycle_of(function) else None, using)
    by_policy = on_lost == OnLost.FAIL.value
    poison = losses >= max_losses
    values: dict[str, object] = {"run_at": DatabaseNow() + _pause(losses)}
    reason = f"its worker was lost (loss {losses} of at most {max_losses})"
    if poison or by_policy:
        reason += "; failed as poison" if poison else "; failed by the task's policy"
        values = {"error": f"{POISON}: {reason}"[:300]}
    change = Change(
        "lose",
        Actor.system(),
        reason,
        wanted=RunState.FAILED if poison or by_policy else RunState.PENDING,
        values=values,
        fences={run_id: fence},
    )
    moved = move_runs([run_id], change, using)
    return moved + cancel_if_asked([row.pk for row in moved], using)


def _pause(losses: int) -> timedelta:
    # Runs that were lost together come back together, and one of them may be the one that kills workers: from the
    # second loss on they are spread out, so that it does not take the others down with it until they count as poison.
    return timedelta(seconds=DICE.uniform(0, 2 ** min(losses, MOST_DOUBLINGS)) if losses > 1 else 0)


def _losses(run_id: uuid.UUID, within: timedelta | None, using: str) -> int:
    # A person's retry begins a new life, in which earlier losses no longer count.
    events = Transition.objects.using(using).filter(run_id=run_id, event__in=("lose", "retry", "rerun"))
    if within is not None:
        events = events.filter(at__gt=DatabaseNow() - within)
    count = 0
    for event, source in events.order_by("pk").values_list("event", "from_state"):
        count = count + 1 if event == "lose" else (count if source == RunState.RUNNING.value else 0)
    return count

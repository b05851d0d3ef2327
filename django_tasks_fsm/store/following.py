"""Let a run follow the RUNNING one of its key: that one gives up the key, and the new one waits for its end.

So nothing that was asked for is lost, at most one run of a key waits, and no two of them overlap. The edge between them
is like any other, with the condition ``finished``; only a rerun does not go along it, because nothing was computed from
the former run.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.keyed import runs_of
from django_tasks_fsm.models.run_verbs import cancel
from django_tasks_fsm.models.transitions import Change, Moved, record
from django_tasks_fsm.requirements import both

if TYPE_CHECKING:
    from django_tasks_fsm.store.enqueue import Request

MADE_ANEW = "made anew"
FOLLOWED = "the run that bears its key now goes on instead"


def forerunners(bearer: TaskRun | None, key: str, using: str) -> set[uuid.UUID]:
    """Return the runs for whose end the next one of the key must wait: all that are going but a bearer that waits."""
    waiting = {bearer.pk} if bearer is not None and bearer.state != RunState.RUNNING else set()
    return runs_of(key, using) - waiting


def hand_over(bearer: TaskRun, successor: uuid.UUID, using: str) -> None:
    """Take the key from a locked RUNNING run, which remembers it as ``given_key``, for ``successor`` to bear."""
    TaskRun.objects.using(using).filter(pk=bearer.pk).update(key=None)
    change = Change("handed_over", Actor.system(), f"run {successor} bears its key now")
    state = RunState.RUNNING.value
    moved = Moved(
        bearer.pk, "handed_over", state, state, bearer.attempt, bearer.worker_id, started_at=bearer.started_at
    )
    record(TaskRun, change, [moved], using)
    # What it waited for itself is over: without this, a thousand triggers would be a chain of a thousand runs.
    old = RunPrerequisite.objects.using(using).filter(run=bearer, met=True, prerequisite__given_key=bearer.given_key)
    RunPrerequisite.objects.using(using).filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def is_followed(claim: Claim, using: str) -> bool:
    """Tell whether a run that wants to go on has handed its key to another; lock it until the transaction ends.

    One that was asked to stop is not answered for: it ends by that.
    """
    row = TaskRun.objects.using(using).filter(pk=claim.id, fence=claim.fence, cancel_requested_at=None)
    row = row.select_for_update(skip_locked=for_alias(using).skips_locked)
    keys = row.values_list("key", "given_key").first()
    if keys is None or keys[0] is not None or keys[1] is None:
        return False
    return TaskRun.objects.using(using).filter(key=keys[1]).exists()


def give_way(bearer: TaskRun | None, before: Collection[uuid.UUID], asker: uuid.UUID | None, using: str) -> None:
    """Cancel the bearer and the runs before it, RUNNING ones by asking them; not the run that asks for it itself."""
    runs = [*before, *([bearer.pk] if bearer is not None else [])]
    cancel(sorted({run for run in runs if run != asker}), Actor.system(), MADE_ANEW, using)


def behind(request: Request, before: Collection[uuid.UUID]) -> Request:
    """Return the request, waiting for the runs ``before`` however they end, unless it says more of them itself."""
    ours = (Awaited(run, Condition.FINISHED, OnFailure.BLOCK) for run in sorted(before))
    return replace(request, prerequisites=both(ours, request.prerequisites)) if before else request

"""Store the end of a run in the transaction in which its function has run."""

from __future__ import annotations

import uuid

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.finish import finish
from django_tasks_fsm.store.tables import tables


def seal(outcome: Outcome, worker_id: uuid.UUID, using: str) -> bool:
    """Wait for the lock of the run and store its outcome; return False where it is no longer this claim's.

    Needs an open transaction, which must be undone where this says no.
    """
    claim = outcome.claim
    for_alias(using).lock_for_writing(tables(using).runs)
    # Locked first: finish() leaves out what somebody has locked, and here nobody would offer it again.
    rows = TaskRun.objects.using(using).filter(pk=claim.id).select_for_update()
    held = list(rows.values_list("state", "fence")) == [(RunState.RUNNING, claim.fence)]
    return held and claim.id in finish([outcome], worker_id, using)


def is_sealed(outcome: Outcome, using: str) -> bool:
    """Tell whether a run stands as its outcome says, after a commit that was not answered; False where it goes on."""
    target = RUN_MACHINE.target(outcome.ending.value, RunState.RUNNING)
    return target in FINAL and _stands(outcome.claim, using) == (target, outcome.claim.fence)


def is_held(claim: Claim, using: str) -> bool:
    """Tell whether a run is still this claim's, as the database has it."""
    return _stands(claim, using) == (RunState.RUNNING, claim.fence)


def _stands(claim: Claim, using: str) -> tuple[str, int] | None:
    return TaskRun.objects.using(using).filter(pk=claim.id).values_list("state", "fence").first()

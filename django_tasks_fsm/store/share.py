"""Claim for a worker whose slots are shared out: a statement for each share that has room."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.slots import Room, Shares
from django_tasks_fsm.store.claim import claim


def share(worker_id: uuid.UUID, queues: Sequence[str], room: Room, using: str) -> list[Claim]:
    """Take queued runs that ``room`` has place for, highest priority first. Needs an open transaction."""
    shares = Shares(room)
    taken: list[Claim] = []
    for portion in shares.portions():
        brought = claim(worker_id, queues, portion, using)
        shares.took((each.queue, each.task_id) for each in brought)
        taken += brought
    return sorted(taken, key=lambda one: (-one.priority, one.run_at, one.id))

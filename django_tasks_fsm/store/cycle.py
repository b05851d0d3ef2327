"""One turn of the engine: finish a batch and claim the next, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.claim import claim
from django_tasks_fsm.store.finish import finish


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did: the ids whose outcome was written, and the new claims."""

    written: frozenset[uuid.UUID]
    claims: tuple[Claim, ...]


def turn(worker_id: uuid.UUID, outcomes: Sequence[Outcome], queues: Sequence[str], room: int, using: str) -> Turn:
    """Finish ``outcomes`` and claim up to ``room`` runs. Repeated whole on a deadlock; the fences make that safe."""

    def work() -> Turn:
        written = finish(outcomes, worker_id, using) if outcomes else set()
        return Turn(frozenset(written), tuple(claim(worker_id, queues, room, using)))

    return in_transaction(work, using)

"""One turn of the engine: finish a batch and claim the next, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.core.slots import Room
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.claim import claim
from django_tasks_fsm.store.finish import busy, finish
from django_tasks_fsm.store.share import share


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did: the ids whose outcome was written, the new claims, and the keys of claims that stay as they are.

    The latter are ``busy``: somebody else has them locked, and their outcomes should be offered again.
    """

    written: frozenset[uuid.UUID]
    claims: tuple[Claim, ...]
    busy: frozenset[tuple[uuid.UUID, int]] = frozenset()


def turn(
    worker_id: uuid.UUID, outcomes: Sequence[Outcome], queues: Sequence[str], room: int | Room, using: str
) -> Turn:
    """Finish ``outcomes`` and claim what there is ``room`` for: so many runs, or shared out.

    Repeated whole on a deadlock; the fences make that safe.
    """

    def work() -> Turn:
        written = finish(outcomes, worker_id, using) if outcomes else set()
        left = [outcome.claim for outcome in outcomes if outcome.claim.id not in written]
        kept = busy(left, using) if left else set()
        return Turn(frozenset(written), tuple(_claimed(worker_id, queues, room, using)), frozenset(kept))

    def committed(done: Turn) -> None:
        if outcomes:
            failpoint("finish.committed")
        if done.claims:
            failpoint("claim.committed")

    return in_transaction(work, using, committed=committed)


def _claimed(worker_id: uuid.UUID, queues: Sequence[str], room: int | Room, using: str) -> list[Claim]:
    if isinstance(room, Room):
        return share(worker_id, queues, room, using)
    return claim(worker_id, queues, room, using)

"""What a service says of its ticks, guarded by its fence."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django_tasks_fsm.models import ServiceTicks
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.notes import own


@dataclass(frozen=True, slots=True)
class Ticks:
    """How far a service is."""

    count: int
    last_at: datetime | None
    last_slot: datetime | None
    next_at: datetime | None


def save(run_id: uuid.UUID, fence: int, ticks: Ticks, using: str) -> None:
    """Store how far a service is; raise OwnershipLost when its run is no longer the caller's."""
    moments = {"last_tick_at": ticks.last_at, "last_slot": ticks.last_slot, "next_tick_at": ticks.next_at}
    values = {name: None if moment is None else stored(moment) for name, moment in moments.items()}
    if ticks.last_at is None:  # a new holder that has not ticked leaves what the former one did
        del values["last_tick_at"]

    def work() -> None:
        own(run_id, fence, using)
        ServiceTicks.objects.using(using).update_or_create(pk=run_id, defaults={"ticks": ticks.count, **values})

    in_transaction(work, using)

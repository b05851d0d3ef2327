"""Hand messages to the run that they were sent to, in their order, each once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django_tasks_fsm.core.mail import Received
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Message
from django_tasks_fsm.models.moments import instant
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.notes import own

COLUMNS = ("kind", "name", "payload", "sender_id", "sent_at")


def take(run_id: uuid.UUID, fence: int, using: str) -> Received | None:
    """Mark the oldest message of a run as delivered and return it; None if none waits. Raise OwnershipLost.

    The run's row is locked meanwhile, so that two holders cannot both take it.
    """
    taken: uuid.UUID | None = None

    def work() -> Received | None:
        nonlocal taken
        own(run_id, fence, using)
        messages = Message.objects.using(using)
        # After a commit whose answer was lost, the one that the lost try took is taken already.
        if taken is None or not messages.filter(pk=taken, delivered_at__isnull=False).exists():
            waiting = messages.filter(run_id=run_id, delivered_at=None).order_by("number")
            taken = waiting.values_list("pk", flat=True).first()
            messages.filter(pk__in=[taken]).update(delivered_at=DatabaseNow())
        row = messages.filter(pk__in=[taken]).values(*COLUMNS).first()
        return None if row is None else _received(row)

    waits = Message.objects.using(using).filter(run_id=run_id, delivered_at=None)
    return in_transaction(work, using) if waits.exists() else None


def _received(row: Mapping[str, Any]) -> Received:
    return Received(row["kind"], row["name"], row["payload"], row["sender_id"], instant(row["sent_at"]))

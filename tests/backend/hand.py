"""A worker without a loop: it does exactly what a test says."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django_tasks_fsm.core.outcomes import Claim, Failure, Outcome
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store import finish, rescue, stage, workers
from django_tasks_fsm.store.claim import claim

LEASE = timedelta(seconds=60)
MOST_LOSSES = 3
BOOM = Failure("builtins.ValueError", "boom", "ValueError: boom\n")


class Hand:
    """A worker that does exactly what the test says."""

    def __init__(self, using: str = "default") -> None:
        self.using = using
        self.identity = workers.Identity(uuid.uuid4(), "hand", "host", 1, ("*",), (), 1)
        workers.register(self.identity, using)
        self.id = str(self.identity.id)

    def claim(self) -> Claim:
        """Take one run."""
        (taken,) = in_transaction(lambda: claim(self.identity.id, ["default"], 1, self.using), self.using)
        return taken

    def give(self, outcome: Outcome) -> bool:
        """Store an outcome and stage what is due; return whether it was written."""
        written = in_transaction(lambda: finish.finish([outcome], self.identity.id, self.using), self.using)
        stage.stage(self.using)
        return bool(written)

    def die(self) -> None:
        """Be found dead."""
        workers.leave(self.identity.id, self.using)
        rescue.rescue(LEASE, MOST_LOSSES, self.using)
        stage.stage(self.using)

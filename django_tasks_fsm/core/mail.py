"""A message as its receiver sees it, and why one cannot be sent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_tasks_fsm.exceptions import TasksFSMError


@dataclass(frozen=True, slots=True)
class Received:
    """What was told, by which run if by one, and when.

    ``kind`` is "message", or "closed" where the engine tells that the child ``sender`` has ended: the name is the
    child's then, and the payload ``{"state": ..., "error": ...}``.
    """

    kind: str
    name: str
    payload: Any
    sender: uuid.UUID | None
    sent_at: datetime


class RunHasEnded(TasksFSMError):
    """Refuses a message to a run that nobody reads any more."""

    def __init__(self, run_id: Any, state: str) -> None:
        self.run_id, self.state = run_id, state
        how = f"has ended as {state}" if state else "does not exist"
        super().__init__(
            f"Run {run_id} {how}, so nobody would read the message. Retry the run, or send to another one."
        )


class QueueFull(TasksFSMError):
    """Refuses a message to a run for which too many wait already."""

    def __init__(self, run_id: Any, most: int) -> None:
        self.run_id = run_id
        super().__init__(
            f"{most} messages wait for run {run_id} already, and this one was not sent. Does it ask for them by "
            "context.messages() or on_message? OPTIONS['MAX_MESSAGES'] sets how many may wait."
        )


class NoParent(TasksFSMError, LookupError):
    """Raised by ``send_to_parent`` in a run that no other one has started."""

    def __init__(self, run_id: Any) -> None:
        super().__init__(f"Run {run_id} has no parent: no run has started it by context.start_child().")

"""Which run this thread or coroutine executes, for those who may not know what a run is."""

from __future__ import annotations

import uuid
from contextvars import ContextVar

run_id: ContextVar[uuid.UUID | None] = ContextVar("django_tasks_fsm_run_id", default=None)
"""Set where a run is entered; unset again with the contextvars context of its own that each run has."""

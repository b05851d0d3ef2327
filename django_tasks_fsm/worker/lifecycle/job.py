"""A claim of a service's run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from django_tasks_fsm.worker.lifecycle.drive import Drive
from django_tasks_fsm.worker.lifecycle.ear import Ear
from django_tasks_fsm.worker.lifecycle.steps import Steps, alive, live
from django_tasks_fsm.worker.runner import Job

HEALTHY_AFTER = 3600.0
"""Seconds."""


@dataclass(slots=True, eq=False, kw_only=True)
class ServiceJob(Job):
    """A job whose function is a service's: it lives until somebody ends it."""

    is_service: ClassVar[bool] = True

    using: str
    ear: Ear = field(default_factory=Ear)
    claimed_at: float = field(default_factory=time.monotonic)

    @property
    def was_well_for_long(self) -> bool:  # type: ignore[override]
        """Tell whether so much time lies between its claim and now that what failed before no longer counts."""
        return time.monotonic() - self.claimed_at > HEALTHY_AFTER

    def live(self) -> Any:
        """Live in this thread and return the result."""
        return live(self._steps())

    async def alive(self) -> Any:
        """Live on this event loop and return the result."""
        try:
            return await alive(self._steps())
        finally:
            if not self.ear.is_brief:
                await sync_to_async(close_old_connections)()

    def _steps(self) -> Steps:
        life: Any = self.task.lifecycle  # type: ignore[attr-defined]
        # A generator takes the context as tasks do; of a class each method does.
        first = () if isinstance(life.target, type) else (self.context,)
        return Drive(self, partial(life.target, *first, *self.claim.args, **self.claim.kwargs)).steps()

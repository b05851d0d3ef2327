"""What bounds a worker beside its slots: so many runs, so many seconds, the life of its supervisor and of its file."""

from __future__ import annotations

import os
import time

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.worker.announcer import Announcer
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.stop import StopSwitch

MOST_UNHEARD = 1000
"""Signals that wait for slow receivers; beyond it nothing is claimed, so that memory stays bounded."""


class Limits:
    """Count from now on."""

    def __init__(self, config: WorkerConfig, switch: StopSwitch, cycle: Cycle, announcer: Announcer) -> None:
        self._config, self._switch, self._cycle, self._announcer = config, switch, cycle, announcer
        self._began_at = time.monotonic()
        self._file_id = for_alias(config.using).file_id()

    def room(self) -> int | None:
        """Return how many runs may be claimed for other reasons than free slots; None for no such limit."""
        if self._announcer.backlog > MOST_UNHEARD:
            return 0
        if self._config.max_tasks is None:
            return None
        return max(0, self._config.max_tasks - self._cycle.finished - self._cycle.hand.ordinary)

    def are_reached(self) -> bool:
        """Tell whether the worker has done its share, or is an orphan."""
        if self._config.parent_pid is not None and os.getppid() != self._config.parent_pid:
            self._switch.ask("its supervisor is gone")
        if self._file_id is not None and for_alias(self._config.using).file_id() != self._file_id:
            # Whoever has the old file open, as this process has, would write into what nobody else can see any more.
            self._switch.ask("the file of its database was replaced or deleted", now=True)
        if self._config.max_tasks is not None and self._cycle.finished >= self._config.max_tasks:
            return True
        return self._config.max_seconds is not None and time.monotonic() - self._began_at >= self._config.max_seconds

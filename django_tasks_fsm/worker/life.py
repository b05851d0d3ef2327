"""What a worker's own coming and going fires, each once: the runs are its own from the start."""

from __future__ import annotations

import uuid

from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.worker_life import make, wanted
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle


class Life:
    """Remember what was fired; a step that an outage has broken off can be called again, and makes nothing twice."""

    def __init__(self, config: WorkerConfig, worker_id: uuid.UUID, cycle: Cycle) -> None:
        self._config, self._worker_id, self._cycle = config, worker_id, cycle
        self._left: dict[str, list[Request]] = {}

    def fire(self, event: str) -> None:
        """Make, claim and start the runs of the tasks that ``event`` ("start" or "stop") fires."""
        if event not in self._left:
            config = self._config
            self._left[event] = wanted(event, config.queues, config.excluded_queues, config.using)
        left = self._left[event]
        while left:
            claim = make(left[0], self._worker_id, self._config.using)
            left.pop(0)
            if claim is not None:
                self._cycle.start([claim])

    def has_fired(self, event: str) -> bool:
        """Tell whether there is nothing left to fire for ``event``."""
        return self._left.get(event) == []

"""What the worker's loop does for services: it makes their runs, and tells them what has become of the world."""

from __future__ import annotations

import logging
import time

from django_tasks_fsm import conf
from django_tasks_fsm.store.kin import sweep
from django_tasks_fsm.store.services import ensure, notices
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.cycle import Cycle
from django_tasks_fsm.worker.lifecycle.job import ServiceJob

logger = logging.getLogger("django_tasks_fsm")

LOST = "the run does not belong to this worker any more"


class Touch:
    """Look whenever the loop does, in a statement or two, and only while there are services."""

    def __init__(self, config: WorkerConfig, cycle: Cycle) -> None:
        self._config, self._cycle = config, cycle
        self._ensure_at = self._sweep_at = 0.0

    def look(self) -> None:
        """Make the runs that are missing, tend to parents and children, and tell the services in hand."""
        now = time.monotonic()
        # A worker that ends with its work, or runs within a test, begins nothing that has no end.
        if now >= self._ensure_at and not (self._config.burst or self._config.inline):
            self._ensure_at = now + conf.options().heartbeat
            if made := ensure(self._config.using):
                logger.info("Made %d runs of services.", made)
        services = self._cycle.hand.services()
        self._sweep(now, services)
        if services:
            self._tell(services)

    def release(self, reason: str) -> None:
        """Ask all services in hand to clean up and to be given back."""
        for job in self._cycle.hand.services():
            job.context.release_reason = reason
            job.ear.release(reason)

    def _sweep(self, now: float, services: list[ServiceJob]) -> None:
        if now >= self._sweep_at:
            self._sweep_at = now + conf.options().heartbeat
            sweep(self._config.using)
        elif parents := [job.claim.id for job in services if job.context.has_children]:
            sweep(self._config.using, parents)

    def _tell(self, services: list[ServiceJob]) -> None:
        keys, asked_at = {job.claim.key: job for job in services}, time.monotonic()
        found = notices(keys.keys(), self._config.using)
        for key, job in keys.items():
            if key in found:
                job.ear.tell(found[key], asked_at)
            else:
                self._cycle.interrupt(job, LOST)

"""What any worker may do for all: queue what is due, fire triggers, rescue lost runs, prune. Row locks decide who."""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta

from django_tasks_fsm import conf
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.peek import View
from django_tasks_fsm.store.prune import prune
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.stage import stage
from django_tasks_fsm.store.workers import forget_gone

logger = logging.getLogger("django_tasks_fsm")

PRUNE_EVERY = 60.0
WORKERS_KEPT = timedelta(days=7)


class Duties:
    """Remember when each was last done."""

    def __init__(self, using: str) -> None:
        self._using = using
        # Workers that start together should not all look for lost runs at the same moment.
        self._rescue_at = time.monotonic() + random.uniform(0, conf.options().heartbeat)
        self._prune_at = time.monotonic() + random.uniform(0, PRUNE_EVERY)

    def due(self, view: View) -> bool:
        """Queue what is due and fire what should fire, as ``view`` saw it; return whether there was anything."""
        staged = stage(self._using) if view.due_in is not None and view.due_in <= 0 else 0
        fired = fire(self._using) if view.fires_in is not None and view.fires_in <= 0 else 0
        if fired:
            logger.info("Fired %d task%s.", fired, "" if fired == 1 else "s")
        return bool(staged or fired)

    def regular(self) -> None:
        """Rescue and prune, each at its own interval."""
        now = time.monotonic()
        if now >= self._rescue_at:
            self._rescue_at = now + conf.options().heartbeat
            self._rescue()
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            self._prune()

    def after_outage(self) -> None:
        """Wait one lease before rescuing: while the database was away nobody could send a heartbeat."""
        self._rescue_at = time.monotonic() + conf.options().lease_seconds

    def _rescue(self) -> None:
        options = conf.options()
        for row in rescue(options.lease, options.max_losses, self._using):
            logger.warning("Run %s was lost by worker %s and is %s now.", row.pk, row.worker_id, row.to_state)

    def _prune(self) -> None:
        days = {RunState(state): kept for state, kept in conf.options().retention_days.items() if kept is not None}
        ages = {state: timedelta(days=kept) for state, kept in days.items()}
        forget_gone(WORKERS_KEPT, self._using)
        deleted = prune(ages, self._using) if ages else 0
        if deleted:
            self._prune_at = time.monotonic()  # there may be more; other work comes first, then the next batch
            logger.info("Pruned %d finished runs.", deleted)

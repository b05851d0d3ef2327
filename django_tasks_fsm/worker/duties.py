"""What any worker may do for all: queue what is due, fire triggers, rescue lost runs, prune. Row locks decide who."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django_tasks_fsm import conf
from django_tasks_fsm.core.dice import DICE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.store.admit import sweep
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.store.pauses import end_pauses
from django_tasks_fsm.store.peek import View
from django_tasks_fsm.store.prune import prune
from django_tasks_fsm.store.rescue import rescue
from django_tasks_fsm.store.stage import stage
from django_tasks_fsm.store.workers import forget_gone

logger = logging.getLogger("django_tasks_fsm")

PRUNE_EVERY = 60.0
SWEEP_EVERY = 1.0
WORKERS_KEPT = timedelta(days=7)


class Duties:
    """Remember when each was last done."""

    def __init__(self, using: str) -> None:
        self._using = using
        # Workers that start together should not all look for lost runs at the same moment.
        self._rescue_at = time.monotonic() + DICE.uniform(0, conf.options().heartbeat)
        self._prune_at = time.monotonic() + DICE.uniform(0, PRUNE_EVERY)
        self._sweep_at = 0.0

    def due(self, view: View) -> bool:
        """Queue what is due and fire what should fire, as ``view`` saw it; return whether there was anything."""
        fired = self._fire() if view.fires_in is not None and view.fires_in <= 0 else 0
        if fired:
            logger.info("Fired %d task%s.", fired, "" if fired == 1 else "s")
        is_due = view.due_in is not None and view.due_in <= 0
        staged = stage(self._using) if is_due or fired else 0
        return self._sweep(view) or bool(staged or fired)

    def _fire(self) -> int:
        resumed = end_pauses(self._using)
        if resumed:
            logger.info("Resumed %d task%s whose pause has ended.", resumed, "" if resumed == 1 else "s")
        return fire(self._using)

    def _sweep(self, view: View) -> bool:
        # A worker lets the next ones in when a run of its own ends; this is for slots that became free otherwise.
        if not view.in_line:
            self._sweep_at = 0.0
            return False
        now = time.monotonic()
        if now < self._sweep_at:
            return False
        opens_in = sweep(self._using)
        self._sweep_at = now + min(SWEEP_EVERY, SWEEP_EVERY if opens_in is None else max(0.0, opens_in))
        return True

    @property
    def again_in(self) -> float | None:
        """Return the seconds until the lines should be looked at again; None while nobody stands in one."""
        return max(0.0, self._sweep_at - time.monotonic()) if self._sweep_at else None

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

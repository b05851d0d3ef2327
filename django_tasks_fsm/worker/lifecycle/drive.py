"""What a service does next: it is set up, ticks when it is time, hears messages, rests, and is cleaned up at the end.

The steps are only decided here; a thread or an event loop does them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, InterfaceError

from django_tasks_fsm import conf
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.ticking import Grid
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import (
    CancellationRequested,
    InvalidTrigger,
    OwnershipLost,
    ReleaseRequested,
    TasksFSMError,
)
from django_tasks_fsm.store import inbox, ticks
from django_tasks_fsm.store.services import last_ticks, notices
from django_tasks_fsm.worker.lifecycle.body import Ended, body_of
from django_tasks_fsm.worker.lifecycle.steps import Ours, Steps, Theirs, Wait

if TYPE_CHECKING:
    from django_tasks_fsm.worker.lifecycle.job import ServiceJob

logger = logging.getLogger("django_tasks_fsm")

SAVE_EVERY = 1.0
"""Seconds between two writings of how often it has ticked; a shorter interval costs no more."""
AGAIN_AFTER = 1.0
LOST = "This run belongs to another worker now, or has been ended."


class Drive:
    """Decide the steps of one claim of one service."""

    def __init__(self, job: ServiceJob, make: Callable[[], Any]) -> None:
        self._job, self._ear = job, job.ear
        self._id, self._fence, self._using = job.claim.id, job.claim.fence, job.using
        self._make = make
        self._count, self._last_at = 0, None  # type: int, datetime | None
        self._grid: Grid | None = None
        self._trigger: dict[str, Any] = {}
        self._rested = self._is_loaded = False
        self._ticked_here = 0
        self._unsaved, self._saved_at = True, 0.0

    def steps(self) -> Steps:
        """Give the steps; what is sent back is what each returned or raised. Return the result."""
        while not self._is_loaded:
            yield from self._ours(self._load)
            self._obey()
        body = self._body = body_of(self._make, self._job.context)
        try:
            ended = body.end((yield Theirs(self._job, body.setup)))
            while ended is None:
                ended = yield from self._turn()
        except GeneratorExit:  # nobody does the steps any more
            raise
        except BaseException as error:
            yield from self._leave(error)
            raise
        yield Theirs(self._job, body.cleanup)
        yield Ours(self._job, self._save_quietly)
        return ended.value

    def _ours(self, call: Callable[[], Any]) -> Steps:
        """Ask the database and return the answer; while it is away wait for a moment and return None."""
        try:
            return (yield Ours(self._job, call))
        except (DatabaseError, InterfaceError) as error:
            if not for_alias(self._using).is_transient(error):
                raise
            logger.warning("Run %s (%s) waits for the database: %s", self._id, self._job.definition.name, error)
        yield Wait(self._job, AGAIN_AFTER)
        return None

    def _leave(self, error: BaseException) -> Steps:
        """Clean up; an error on the way is told beside the one that ended the service."""
        try:
            yield Theirs(self._job, self._body.cleanup)
        except GeneratorExit:
            raise
        except BaseException as wrong:
            logger.exception("Run %s (%s): its cleanup failed.", self._id, self._job.definition.name)
            error.add_note(f"its cleanup failed: {type(wrong).__name__}: {wrong}")
        yield Ours(self._job, self._save_quietly)

    def _turn(self) -> Steps:
        """Do what is to be done now, or wait; return Ended when the service has said so."""
        self._obey()
        now = self._ear.now()
        if self._ear.rests:
            self._rested = True
            yield from self._wait(None)
            return None
        self._look_at_trigger(now)
        if self._body.has_messages and self._ear.has_messages:
            return (yield from self._hear())
        if self._is_due(now):
            return (yield from self._tick(now))
        if self._ear.is_brief:
            return Ended()
        yield from self._wait(self._patience(now))
        return None

    def _obey(self) -> None:
        context = self._job.context
        if self._ear.stop and not context.stop_reason:
            context.request_stop(self._ear.stop)
        if context.stop_reason:
            raise CancellationRequested(context.stop_reason)
        if self._ear.release_reason:
            raise ReleaseRequested(self._ear.release_reason)

    def _look_at_trigger(self, now: datetime) -> None:
        if self._ear.trigger != self._trigger:  # a person has changed it
            self._set_grid(None, now)
        if self._rested and self._grid is not None:  # the slots of a pause are not made up for
            self._grid.skip(now)
        self._rested = False

    def _set_grid(self, last: datetime | None, now: datetime) -> None:
        self._trigger, self._unsaved = self._ear.trigger, True
        try:
            self._grid = Grid(triggers.load(self._trigger), last, now)
        except InvalidTrigger as error:
            self._grid = None
            logger.error("Service %r does not tick until somebody corrects it: %s", self._job.definition.name, error)

    def _is_due(self, now: datetime) -> bool:
        if not self._body.has_ticks:
            return False
        is_first = self._ear.is_brief and not self._ticked_here
        return is_first or (not self._ear.is_brief and self._grid is not None and self._grid.is_due(now))

    def _hear(self) -> Steps:
        self._ear.has_messages = False
        message = yield from self._ours(partial(inbox.take, self._id, self._fence, self._using))
        if message is None:
            return None
        self._ear.has_messages = True  # there may be more
        return self._body.end((yield Theirs(self._job, partial(self._body.hear, message))))

    def _tick(self, now: datetime) -> Steps:
        if self._ear.silence > conf.options().heartbeat:
            # The loop may have been stopped with this thread: before it ticks, nobody else must hold the run.
            yield from self._ours(self._ask)
            return None
        if self._grid is not None and self._grid.is_due(now):
            self._grid.take(now)
        answer = yield Theirs(self._job, self._body.tick)
        self._count, self._last_at, self._unsaved = self._count + 1, now, True
        self._ticked_here += 1
        if self._grid is not None:
            self._grid.ended(self._ear.now())
        if self._saves_in() <= 0:
            yield from self._ours(self._save)
        return self._body.end(answer)

    def _wait(self, seconds: float | None) -> Steps:
        if self._unsaved and self._saves_in() <= 0:
            yield from self._ours(self._save)
        known = [each for each in (seconds, self._saves_in() if self._unsaved else None) if each is not None]
        yield Wait(self._job, max(0.0, min(known)) if known else None)

    def _patience(self, now: datetime) -> float | None:
        if self._grid is None or self._grid.next is None or not self._body.has_ticks:
            return None
        return (self._grid.next - now).total_seconds()

    def _saves_in(self) -> float:
        return self._saved_at + SAVE_EVERY - time.monotonic()

    # -- with the database ----------------------------------------------------------------------------------------

    def _load(self) -> None:
        self._ask()
        self._count, last = last_ticks(self._id, self._using)
        self._set_grid(last, self._ear.now())
        self._is_loaded = True

    def _ask(self) -> None:
        key, asked_at = (self._id, self._fence), time.monotonic()
        notice = notices([key], self._using).get(key)
        if notice is None:
            raise OwnershipLost(LOST)
        self._ear.tell(notice, asked_at)

    def _save(self) -> None:
        last, following = (None, None) if self._grid is None else (self._grid.last, self._grid.next)
        told = ticks.Ticks(self._count, self._last_at, last, following)
        ticks.save(self._id, self._fence, told, self._using)
        self._unsaved, self._saved_at = False, time.monotonic()

    def _save_quietly(self) -> None:
        try:
            self._save()
        except (DatabaseError, InterfaceError, TasksFSMError) as error:
            logger.warning("Run %s: how often it has ticked was not stored: %s", self._id, error)

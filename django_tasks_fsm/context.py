"""What a running function can ask and say: ``context``, its first argument on request, or ``current_run()``."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_tasks_fsm.core import current
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import (
    CancellationRequested,
    OwnershipLost,
    RunTimedOut,
    TasksFSMError,
)
from django_tasks_fsm.kinship import Kinship
from django_tasks_fsm.rescheduling import Rescheduling
from django_tasks_fsm.results import in_event_loop
from django_tasks_fsm.spawning import Spawning
from django_tasks_fsm.stopwatch import Stopwatch
from django_tasks_fsm.tasks_api import TaskContext, TaskResult

if TYPE_CHECKING:
    from django_tasks_fsm.store.notes import PrerequisiteResult

OWN_LOGGER = "django_tasks_fsm.run"
logger = logging.getLogger(OWN_LOGGER)

LOOK_EVERY = 1.0
"""Seconds between two looks of ``check`` into the database; requests that the heartbeat brings are seen at once."""

_current: ContextVar[RunContext | None] = ContextVar("django_tasks_fsm_run", default=None)
running = _current.get
"""Return the context of the run that this thread or coroutine executes, None outside one."""


class NoCurrentRun(TasksFSMError):
    """Raised by ``current_run`` outside a run."""

    def __init__(self) -> None:
        super().__init__("No run is being executed here. current_run() works inside a task that a worker runs.")


def current_run() -> RunContext:
    """Return the context of the run that this thread or coroutine executes; raise NoCurrentRun outside one."""
    context = _current.get()
    if context is None:
        raise NoCurrentRun
    return context


class RunContext(Spawning, Kinship, Rescheduling, TaskContext):
    """Django's TaskContext with progress, log, metadata, prerequisites, children, cooperative stop and rescheduling.

    The writing methods are guarded by the fence and raise OwnershipLost once the run belongs to somebody else. They use
    the thread's own connection, so inside ``atomic`` they commit, or not, with the task's work. Progress, log and
    metadata of a task that is declared ``atomic`` are stored whatever becomes of its work. A coroutine awaits
    their twins with an ``a`` in front, because Django lets nobody query within an event loop.
    """

    # The parent is a frozen dataclass with slots; its own __setattr__ does not work for subclasses without them.
    __setattr__ = object.__setattr__

    _hearing: Any = None
    """What takes the records that the function logs; the worker's business."""
    _aside: Any = None
    """What writes past the transaction of an atomic function; the worker's business too."""

    def __init__(self, claim: Claim, using: str, make_result: Callable[[], TaskResult], timeout: float | None) -> None:
        self._claim = claim
        self._using = using
        self._make_result = make_result
        self._looked_at = time.monotonic()
        self._told = threading.Event()
        self._metadata: dict[str, Any] | None = None
        self._spawned = set()
        self.stop_reason: str = ""
        self.timeout = timeout
        self.stopwatch = Stopwatch(timeout)

    def begin(self) -> None:
        """Start the clock of the timeout: time that a claimed run waited for a thread does not count."""
        self._looked_at = time.monotonic()
        self.stopwatch.begin()

    @property
    def overrun(self) -> float:
        """Return the seconds since the timeout; less than zero before it, and without one."""
        return self.stopwatch.overrun

    @property
    def task_result(self) -> TaskResult:  # type: ignore[override]
        """Return the run as Django shows it, as it was when it started."""
        return self._make_result()

    @property
    def attempt(self) -> int:
        """Return the number of this attempt, from 1."""
        return self._claim.attempt

    @property
    def run_id(self) -> uuid.UUID:
        """Return the id of the run: the same for all its attempts, so a good idempotency key for the outside world."""
        return self._claim.id

    @property
    def graph(self) -> uuid.UUID:
        """Return the id of the run graph; a run that stands alone founds one."""
        from django_tasks_fsm.store import notes

        return notes.join_graph(self._claim.id, self._claim.fence, self._using)

    def check(self) -> None:
        """Raise CancellationRequested, OwnershipLost or RunTimedOut when the run should stop; otherwise cost nothing.

        Call it in every loop: a function on a thread cannot be stopped from outside. While a person has the run paused
        it does not return, and the time-out does not count. In a coroutine it asks nobody, and knows what the worker's
        heartbeat has learned.
        """
        self._stop_if_asked()
        if time.monotonic() - self._looked_at >= LOOK_EVERY and not in_event_loop():
            self._look()
            self._stop_if_asked()

    async def acheck(self) -> None:
        """Do in a coroutine all that ``check`` does in a function, resting included."""
        self._stop_if_asked()
        if time.monotonic() - self._looked_at < LOOK_EVERY:
            return
        if await sync_to_async(self._should_rest)():
            with self.stopwatch.stopped():
                while await sync_to_async(self._should_rest)():
                    await asyncio.sleep(LOOK_EVERY)
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self.stop_reason:
            raise CancellationRequested(self.stop_reason)
        if self.overrun > 0:
            raise RunTimedOut(self.timeout or 0.0)

    def _look(self) -> None:
        if self._should_rest():
            with self.stopwatch.stopped():
                while self._should_rest():
                    self._told.wait(LOOK_EVERY)

    def _should_rest(self) -> bool:
        """Ask the database what the run should do; a wish to stop is noted, and ends the rest."""
        from django_tasks_fsm.store import notes

        self._looked_at = time.monotonic()
        asked = notes.requests(self._claim.id, self._claim.fence, self._using)
        if asked.stop is not None:
            self.request_stop("a person asked for it")
        # With its transaction open it would hold its locks for as long as it rests.
        return asked.pause is not None and not self.stop_reason and self._aside is None

    def request_stop(self, reason: str) -> None:
        """Make the next ``check`` raise, or the present one; called by the worker, when its heartbeat learns of it."""
        self.stop_reason = reason
        self._told.set()

    @property
    def _notes(self) -> Any:
        from django_tasks_fsm.store import notes

        return self._aside or notes

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Store how far the run is, for the admin; also a ``check``."""
        self.check()
        self._notes.progress(self._claim.id, self._claim.fence, done, total, note, self._using)

    def log(self, message: str, level: int = logging.INFO) -> None:
        """Append a line to the log of the run and pass it on to the logger ``django_tasks_fsm.run``."""
        logger.log(level, "%s %s", self._claim.id, message)
        line = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {logging.getLevelName(level)} {message}\n"
        self._notes.log(self._claim.id, self._claim.fence, line, self._using)

    @property
    def metadata(self) -> dict[str, Any]:
        """Return the metadata of the run, as a dict to change and then keep by ``save_metadata``."""
        from django_tasks_fsm.store import notes

        if self._metadata is None:
            self._metadata = notes.load_metadata(self._claim.id, self._using)
        return self._metadata

    def save_metadata(self) -> None:
        """Store the metadata; raise UnstorablePayload naming a value that JSON cannot hold."""
        from django_tasks_fsm.core.payload import checked

        stored = checked(self.metadata, "metadata")
        self._notes.save_metadata(self._claim.id, self._claim.fence, stored, self._using)

    def prerequisites(self) -> list[PrerequisiteResult]:
        """Return how the prerequisites of this run ended: run id, task name, state, result, error."""
        from django_tasks_fsm.store import notes

        return notes.prerequisite_results(self._claim.id, self._using)

    def results(self) -> list[Any]:
        """Return the results of the prerequisites that are DONE, in the order of ``prerequisites``."""
        return [before.result for before in self.prerequisites() if before.state == RunState.DONE]

    async def aprogress(self, done: int, total: int | None = None, note: str = "") -> None:
        """See progress."""
        await sync_to_async(self.progress)(done, total, note)

    async def alog(self, message: str, level: int = logging.INFO) -> None:
        """See log."""
        await sync_to_async(self.log)(message, level)

    async def ametadata(self) -> dict[str, Any]:
        """See metadata; once awaited, the property gives the same dict."""
        return await sync_to_async(lambda: self.metadata)()

    async def asave_metadata(self) -> None:
        """See save_metadata."""
        await sync_to_async(self.save_metadata)()

    async def aprerequisites(self) -> list[PrerequisiteResult]:
        """See prerequisites."""
        return await sync_to_async(self.prerequisites)()

    async def aresults(self) -> list[Any]:
        """See results."""
        return await sync_to_async(self.results)()


def enter(context: RunContext) -> None:
    """Make ``context`` current; leaving needs nothing, because each run has a contextvars context of its own."""
    context.begin()
    _current.set(context)
    current.run_id.set(context.run_id)


__all__ = ["NoCurrentRun", "OwnershipLost", "RunContext", "current_run", "enter"]

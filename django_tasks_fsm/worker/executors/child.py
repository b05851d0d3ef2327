"""The child of the process executor: it executes one run at a time, until its parent is gone."""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from asgiref.sync import async_to_sync

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.exceptions import CancellationRequested, RunTimedOut
from django_tasks_fsm.stopwatch import Stopwatch
from django_tasks_fsm.worker import errand
from django_tasks_fsm.worker.executors import connections
from django_tasks_fsm.worker.executors.handlers import kept
from django_tasks_fsm.worker.notebook import Notebook
from django_tasks_fsm.worker.runner import FORKED_CHILD_EXIT, Job, broken_off, run, run_async

ANNOUNCED_WITHIN = 0.5
"""Seconds until a SIGTERM counts as somebody else's, and ends the process."""
TELL_EVERY = 0.5
"""Seconds between two messages with what the function has logged."""


class Child:
    """Functions are called in the main thread, where a signal can break them off; another one listens to the parent."""

    def __init__(self, handle: int) -> None:
        os.set_inheritable(handle, False)
        self._line = Connection(handle)
        self._say_lock = threading.Lock()
        self._orders: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._job: Job | None = None
        self._called: Job | None = None
        self._stop_reason = ""
        self._told = threading.Event()
        self._cancel: Callable[[], object] | None = None
        self._notebook: Notebook | None = None
        self._tell_lock = threading.Lock()
        self._never = threading.Event()
        self._pid = os.getpid()

    def live(self) -> None:
        """Execute what the parent sends; never return."""
        signal.signal(signal.SIGTERM, self._break_off)
        threading.Thread(target=self._listen, name="tasks-fsm-line", daemon=True).start()
        threading.Thread(target=self._tell_lines_for_ever, name="tasks-fsm-lines", daemon=True).start()
        self._say(ready=self._pid)
        while True:
            self._execute(self._orders.get())

    def _say(self, **message: Any) -> None:
        with self._say_lock:
            self._line.send_bytes(json.dumps(message).encode())

    def _listen(self) -> None:
        try:
            while True:
                self._take(json.loads(self._line.recv_bytes()))
        except (EOFError, OSError):
            # The parent is gone, or lets go of this process: nothing that runs here counts any more.
            os.killpg(self._pid, signal.SIGKILL)

    def _take(self, message: dict[str, str]) -> None:
        if "run" in message:
            self._stop_reason = ""
            self._told.clear()
            self._orders.put(message["run"])
            return
        self._stop_reason = message["stop"]
        if self._job is not None:
            self._stop(self._job)
        self._told.set()

    def _stop(self, job: Job) -> None:
        job.context.request_stop(self._stop_reason)
        if self._cancel is not None:
            self._cancel()

    def _execute(self, order: str) -> None:
        job = errand.read(order)
        if isinstance(job, Outcome):
            self._say(outcome=errand.outcome_written(job))
            return
        job.context.stopwatch = ToldStopwatch(job.context.timeout, self._tell_rest)
        self._job = job
        if self._stop_reason:
            self._stop(job)
        self._say(began=True)
        with Notebook.of(job) as self._notebook:
            outcome = self._outcome(job)
        if os.getpid() != self._pid:  # the function has forked and returned in the child
            os._exit(FORKED_CHILD_EXIT)
        connections.after(str(job.claim.id))
        self._tell_lines()
        self._say(outcome=errand.outcome_written(outcome))
        self._job = self._notebook = None

    def _outcome(self, job: Job) -> Outcome:
        connections.before()
        try:
            with kept(str(job.claim.id)):
                return contextvars.Context().run(self._call, job)
        except (CancellationRequested, RunTimedOut) as error:
            return broken_off(job, error)  # the signal came just before, or just after, the function

    def _call(self, job: Job) -> Outcome:
        self._called = job
        try:
            return async_to_sync(self._await)(job) if job.is_async else run(job)
        finally:
            self._called = self._cancel = None

    async def _await(self, job: Job) -> Outcome:
        loop, coroutine = asyncio.get_running_loop(), asyncio.ensure_future(run_async(job))
        self._cancel = lambda: loop.call_soon_threadsafe(coroutine.cancel)
        if job.context.stop_reason:
            coroutine.cancel()
        # Cancelled itself is one that had not taken its first step; later, run_async turns it into an outcome.
        await asyncio.wait([coroutine])
        return Outcome.cancelled(job.claim, job.context.stop_reason) if coroutine.cancelled() else coroutine.result()

    def _break_off(self, number: int, frame: FrameType | None) -> None:
        """Raise in the function what its next ``check`` would raise; once, because it may have to tidy up."""
        if self._job is None or not self._is_due(self._job):  # idle, or killed by somebody else
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(self._pid, signal.SIGTERM)
            return
        job, self._called = self._called, None
        if job is not None and not job.is_async:  # a coroutine has been cancelled already
            late = RunTimedOut(job.context.timeout or 0.0)
            raise late if job.context.overrun > 0 else CancellationRequested(job.context.stop_reason)

    def _is_due(self, job: Job) -> bool:
        # The signal may be faster than the message that announces it.
        return job.context.overrun > 0 or bool(job.context.stop_reason) or self._told.wait(ANNOUNCED_WITHIN)

    def _tell_lines_for_ever(self) -> None:
        # Not by the thread that logs: a signal that breaks it off could cut a message in two.
        while not self._never.wait(TELL_EVERY):
            with suppress(OSError):  # the parent is gone; the other thread ends this process
                self._tell_lines()

    def _tell_lines(self) -> None:
        """Send what the function has logged since the last time."""
        with self._tell_lock:  # so that no line overtakes another, and the outcome overtakes none
            lines = self._notebook.lines.take() if self._notebook is not None else []
            if lines:
                self._say(lines=[line.as_json() for line in lines])

    def _tell_rest(self, rests: bool) -> None:
        self._say(rests=rests)


class ToldStopwatch(Stopwatch):
    """Tell the parent, which kills what overruns, while the time does not count."""

    def __init__(self, limit: float | None, tell: Callable[[bool], None]) -> None:
        super().__init__(limit)
        self._tell = tell

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """See Stopwatch.stopped."""
        self._tell(True)
        try:
            with super().stopped():
                yield
        finally:
            self._tell(False)

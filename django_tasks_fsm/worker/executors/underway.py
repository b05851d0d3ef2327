"""Functions that have been called, and those that nobody waits for any longer."""

from __future__ import annotations

import sys
import threading
import traceback

from django_tasks_fsm.worker import atomic, runner
from django_tasks_fsm.worker.failures import FRAMES
from django_tasks_fsm.worker.runner import Job

CALLERS = (runner.__file__, atomic.__file__)
LATE = 5.0
"""Seconds past its timeout in which a function may still stop by itself, with a traceback that says where it was."""


class Underway:
    """Decide who reports a job, its function by returning or whoever gives up on it: the first of them, nobody else.

    Any thread may ask. Each step is one operation on a dict or a set, so none needs a lock.
    """

    def __init__(self) -> None:
        self._threads: dict[Job, threading.Thread] = {}
        self._stuck: set[Job] = set()

    def begin(self, job: Job, thread: threading.Thread | None = None) -> None:
        """Note that ``thread``, by default this one, calls a job's function."""
        self._threads[job] = thread or threading.current_thread()

    def end(self, job: Job) -> bool:
        """Note that a function has returned; return False if the job was given up before."""
        if self._threads.pop(job, None) is not None:
            return True
        self._stuck.discard(job)
        return False

    def give_up(self, job: Job) -> threading.Thread | None:
        """Wait for a function no longer and return its thread; None if it has returned at the last moment."""
        self._stuck.add(job)  # first: from the next line on it may return and take itself out
        thread = self._threads.pop(job, None)
        if thread is None:
            self._stuck.discard(job)
        return thread

    def overdue(self) -> list[Job]:
        """Return the jobs that had the time to stop after their timeout and have not."""
        return [job for job in list(self._threads) if job.context.overrun > LATE]

    def where(self, job: Job) -> str:
        """Return what the thread of a job is doing, as a traceback shows it."""
        thread = self._threads.get(job)
        frame = sys._current_frames().get(thread.ident or 0) if thread is not None else None
        frames = traceback.extract_stack(frame) if frame is not None else []
        # What led to the function says nothing to the task's author; on an event loop that waits, nothing else is left.
        ours = [number for number, each in enumerate(frames, 1) if each.filename in CALLERS]
        return "".join(traceback.format_list(frames[max(ours, default=0) :][-FRAMES:]))

    @property
    def stuck(self) -> int:
        """Return how many functions run on though they were given up."""
        return len(self._stuck)

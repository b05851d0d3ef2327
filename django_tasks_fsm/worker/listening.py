"""Hear what functions log, by one handler on the root logger of a process."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django_tasks_fsm import conf
from django_tasks_fsm.context import OWN_LOGGER, running
from django_tasks_fsm.core.lines import LEVELS, Line
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.exceptions import CancellationRequested, RunTimedOut
from django_tasks_fsm.tasks_api import core_logger
from django_tasks_fsm.worker.runner import Job

BREAKING_OFF = (CancellationRequested, RunTimedOut)
"""What a signal may raise in the main thread of a child process at any point, also here."""

_lock = threading.Lock()
_listening = 0
_level_before: int | None = None
_pinned: logging.Logger | None = None


@dataclass(slots=True, eq=False)
class Hearing:
    """Who takes what one claim logs, from which level on; ``book`` is the sink's own."""

    claim: Claim
    sink: Any
    level: int
    book: Any = None


class Ear(logging.Handler):
    """Pass the records of a run on to its sink. Belongs to no run, holds no lock and raises nothing."""

    def handle(self, record: logging.LogRecord) -> bool:
        """See logging.Handler; without the lock, which all runs of a process would share."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Take the record if the thread, or coroutine, that made it executes a run."""
        context = running()
        # What context.log says has been stored already, with the work of the run.
        if context is not None and context._hearing is not None and record.name != OWN_LOGGER:
            self._take(context._hearing, record)
        last = logging.lastResort
        if last is not None and record.levelno >= last.level and self._is_alone(record.name):
            # Python says it on stderr where there is no handler; this one must not keep it from doing so.
            last.handle(record)

    def _take(self, hearing: Hearing, record: logging.LogRecord) -> None:
        if record.levelno >= hearing.level:
            try:
                hearing.sink.take(hearing, record)
            except BREAKING_OFF:
                raise
            except Exception:  # a log must not end the function that writes it
                self.handleError(record)

    def _is_alone(self, name: str) -> bool:
        logger: logging.Logger | None = logging.getLogger(name)
        while logger is not None:
            if any(handler is not self for handler in logger.handlers):
                return False
            logger = logger.parent if logger.propagate else None
        return True


EAR = Ear()


def begin() -> None:
    """Listen from now on; each call needs an ``end``.

    Where the project has not configured the root logger, it lets through what LOG_LEVEL asks for: Python's own default
    would keep everything below WARNING from us. Nobody else hears more by that, because nobody else listens there.
    """
    global _listening, _level_before
    level, root = LEVELS[conf.options().log_level], logging.getLogger()
    with _lock:
        _listening += 1
        if not root.handlers and root.level == logging.WARNING > level:
            _level_before = root.level
            # Django's own line on each run is said outside of it, where nobody would hear it, and costs as much again.
            _pin(core_logger)
            root.setLevel(level)
        if EAR not in root.handlers:
            root.addHandler(EAR)


def end() -> None:
    """Listen no longer, where nobody else does."""
    global _listening, _level_before
    root = logging.getLogger()
    with _lock:
        _listening -= 1
        if not _listening:
            root.removeHandler(EAR)
            if _level_before is not None:
                root.setLevel(_level_before)
                _level_before = None
                _unpin()


def _pin(logger: logging.Logger) -> None:
    global _pinned
    if logger.level == logging.NOTSET:
        _pinned = logger
        logger.setLevel(logger.getEffectiveLevel())


def _unpin() -> None:
    global _pinned
    if _pinned is not None:
        _pinned.setLevel(logging.NOTSET)
        _pinned = None


@contextmanager
def listening() -> Iterator[None]:
    """Listen inside the block."""
    begin()
    try:
        yield
    finally:
        end()


def attend(job: Job, sink: Any) -> None:
    """Have ``sink.take(hearing, record)`` called in the job's own thread with each record of its level, or above."""
    level = LEVELS[getattr(job.task, "log_level", None) or conf.options().log_level]
    job.context._hearing = Hearing(job.claim, sink, level)


def pass_on(job: Job, lines: list[Line]) -> None:
    """Give what a job has logged in another process to its sink here."""
    if lines and job.context._hearing is not None:
        job.context._hearing.sink.accept(job.context._hearing, lines)


def message_of(record: logging.LogRecord) -> str:
    """Return what a record says, with its traceback; raise nothing."""
    try:
        text = record.getMessage()
    except BREAKING_OFF:
        raise
    except Exception as error:  # what stands in a message may be hostile to whoever looks at it
        text = f"{clean_text(record.msg, 500)} [{type(error).__name__}: its arguments do not fit]"
    if record.exc_info and record.exc_info[1] is not None:
        text = f"{text}\n{_traceback(record.exc_info[1])}"
    return text


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error)).rstrip()
    except BREAKING_OFF:
        raise
    except Exception:  # so may the exception be
        return type(error).__name__

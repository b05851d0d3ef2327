"""One line that tells how far the work is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

from audit.report import printable
from audit.standing import Standing

PAUSE = 1.0
"""Seconds between two lines where they cannot be overwritten: a log file or a pipe."""

NAMED = 4
"""How many of the running verifications are named: the worker has as many threads."""

ERASE_REST = "\x1b[K"


class ProgressLine:
    """Overwrite one line on a terminal; elsewhere write a new line now and then, when there is something new."""

    def __init__(self, out: OutputWrapper, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out, clock
        self._began = clock()
        self._written, self._due = "", self._began + PAUSE

    @property
    def seconds(self) -> float:
        """Return the time since the line was begun."""
        return self._clock() - self._began

    def show(self, text: str) -> None:
        """Show ``text`` with the time that has passed."""
        if self._out.isatty():
            self._overwrite(self._timed(text))
        elif text != self._written and self._clock() >= self._due:
            self._write(text)

    def end(self, text: str) -> None:
        """Show the last ``text``, which stays."""
        if self._out.isatty():
            self._overwrite(self._timed(text))
            self._out.write("")
        elif text != self._written:
            self._write(text)

    def _overwrite(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r{text[:room]}{ERASE_REST}", ending="")
        self._out.flush()

    def _write(self, text: str) -> None:
        self._written, self._due = text, self._clock() + PAUSE
        self._out.write(self._timed(text))
        self._out.flush()

    def _timed(self, text: str) -> str:
        # In front, because the end of a long line is cut off.
        return f"{self.seconds:5.1f} s  {text}"


def describe(standing: Standing) -> str:
    """Return how far an audit is, for a line."""
    tally = standing.tally
    if not tally.total:
        return "listing the distributions"
    text = f"verified {tally.finished} of {tally.total} distributions, {standing.files_seen} files"
    if tally.troubled:
        text += f", {tally.troubled} in trouble"
    # Those that have reported first: a worker also holds a few that wait for a free thread.
    busy = sorted(standing.running, key=lambda run: -(run.progress or 0))[:NAMED]
    names = ", ".join(printable(str(run.kwargs.get("name"))) for run in busy)
    return f"{text}; now {names}" if names else text

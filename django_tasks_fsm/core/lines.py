"""Lines of the log of a run, on their way from its function to the database."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django_tasks_fsm.core.payload import clean_text

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50, "OFF": 1000}
"""The words for the least level that is kept; OFF lies above all that loggers know."""
HIGHEST = 32_767
"""The level that is stored for those above it: more does not go into the column of every database."""
LONGEST = 10_000
"""Characters of one line; a longer one loses its middle."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Line:
    """What one call of a logger said: ``number`` counts the lines of an attempt from 1, ``at`` is a UNIX time."""

    number: int
    at: float
    level: int
    logger: str
    message: str

    @property
    def size(self) -> int:
        """Return the bytes of the message."""
        return len(self.message) if self.message.isascii() else len(self.message.encode())

    def as_json(self) -> list[Any]:
        """Return the line as JSON can hold it; ``Line(*...)`` reads it."""
        return [self.number, self.at, self.level, self.logger, self.message]


class Lines:
    """The lines of one attempt that nobody has taken yet, the newest of them. Any thread may add.

    Beyond ``most`` lines or ``room`` bytes the oldest fall out. Those that are left keep their numbers, so what is
    missing can be told.
    """

    def __init__(self, most: int, room: int) -> None:
        self._most, self._room = most, room
        self._waiting: deque[Line] = deque()
        self._held = 0
        self._lock = threading.Lock()
        self.count = 0
        self.size = 0
        """Lines, and bytes, of the attempt so far, whoever has them now."""

    def add(self, at: float, level: int, logger: str, message: object) -> None:
        """Take a line, as text that every database stores."""
        text, name = clean_text(message, LONGEST), clean_text(logger, LONGEST_NAME)[:LONGEST_NAME]
        with self._lock:
            self._append(Line(self.count + 1, at, min(level, HIGHEST), name, text))

    def extend(self, lines: Iterable[Line]) -> None:
        """Take lines that another process has numbered."""
        with self._lock:
            for line in lines:
                self._append(line)

    def take(self) -> list[Line]:
        """Return all lines, oldest first; they are no longer here."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
            self._held = 0
        return taken

    def put_back(self, lines: Iterable[Line]) -> None:
        """Return lines that could not be stored, in front of those that have come since."""
        with self._lock:
            self._waiting.extendleft(reversed(list(lines)))
            self._held = sum(line.size for line in self._waiting)
            self._shrink()

    def __len__(self) -> int:
        return len(self._waiting)

    def _append(self, line: Line) -> None:
        self.count = line.number
        self.size += line.size
        self._held += line.size
        self._waiting.append(line)
        self._shrink()

    def _shrink(self) -> None:
        while len(self._waiting) > 1 and (len(self._waiting) > self._most or self._held > self._room):
            self._held -= self._waiting.popleft().size

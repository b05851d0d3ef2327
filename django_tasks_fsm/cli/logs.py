"""Log lines on the terminal, where the project has configured none."""

from __future__ import annotations

import logging
import sys

LEVELS = {0: logging.CRITICAL, 1: logging.INFO, 2: logging.DEBUG, 3: logging.DEBUG}


class OneLine(logging.Formatter):
    """Write each event on one line: what a task or its arguments said cannot forge a second one, nor a colour."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows on lines of its own, further to the right than any event begins."""
        record.message = record.getMessage()
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower()} {_plain(record.message)}"
        trace = self.formatException(record.exc_info).splitlines() if record.exc_info else []
        return "\n".join([line, *(f"    {_plain(each)}" for each in trace)])


def _plain(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode()


def to_terminal(verbosity: int) -> None:
    """Send this app's log to stderr if nothing listens to it yet. Only for commands started from the command line."""
    logger = logging.getLogger("django_tasks_fsm")
    if logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logger.addHandler(handler)
    logger.setLevel(LEVELS.get(verbosity, logging.INFO))

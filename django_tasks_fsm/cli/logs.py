"""Log lines on the terminal, where the project has configured none."""

from __future__ import annotations

import logging
import sys

LEVELS = {0: logging.CRITICAL, 1: logging.INFO, 2: logging.DEBUG, 3: logging.DEBUG}


class OneLine(logging.Formatter):
    """Write each event on one line: what a task or its arguments said cannot forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback follows on lines of its own."""
        record.message = record.getMessage()
        text = record.message.encode("unicode_escape").decode() if not record.message.isprintable() else record.message
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower()} {text}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def to_terminal(verbosity: int) -> None:
    """Send this app's log to stderr if nothing listens to it yet. Only for commands started from the command line."""
    logger = logging.getLogger("django_tasks_fsm")
    if logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logger.addHandler(handler)
    logger.setLevel(LEVELS.get(verbosity, logging.INFO))

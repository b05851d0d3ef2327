"""Where the lines of a run are kept in a process that is not the worker's, until the worker gets them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django_tasks_fsm import conf
from django_tasks_fsm.core.lines import Lines
from django_tasks_fsm.worker import listening
from django_tasks_fsm.worker.listening import Hearing, message_of
from django_tasks_fsm.worker.runner import Job


class Notebook:
    """Takes what one job logs, as a worker's scribe would, and stores nothing."""

    def __init__(self) -> None:
        options = conf.options()
        self.lines = Lines(options.log_lines, options.log_bytes)

    @classmethod
    @contextmanager
    def of(cls, job: Job) -> Iterator[Notebook]:
        """Give the notebook of a job, and listen inside the block."""
        notebook = cls()
        listening.attend(job, notebook)
        with listening.listening():
            yield notebook

    def take(self, hearing: Hearing, record: logging.LogRecord) -> None:
        """Take a record that the function has made."""
        self.lines.add(record.created, record.levelno, record.name, message_of(record))

"""What a run says about itself while its own transaction is open: shown at once where possible, lost in no case."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError, connections, transaction

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store import notes


class Aside:
    """Take what ``store.notes`` would write, and write it over a connection beside that of the function.

    In the function's own transaction nobody would see it, a rollback would undo it, and the lock on the run's row would
    keep everybody from cancelling it. It is kept for ``flush`` where there is no way round: on SQLite, inside a
    transaction of the caller's, and once the function has the row locked. For one thread.
    """

    def __init__(self, run_id: uuid.UUID, using: str) -> None:
        self._run_id, self._using = run_id, using
        # In a transaction that was open before, the run may be one that nobody else can see.
        self._passes = for_alias(using).skips_locked and not connections[using].in_atomic_block
        self._beside: Any = None
        self._kept: dict[str, Callable[[str], None]] = {}
        self._text = ""

    def progress(self, run_id: uuid.UUID, fence: int, done: int, total: int | None, note: str, using: str) -> None:
        """See notes.progress."""
        self._take("progress", partial(notes.progress, run_id, fence, done, total, note))

    def log(self, run_id: uuid.UUID, fence: int, text: str, using: str) -> None:
        """See notes.log."""
        self._text = (self._text + text)[-notes.LOG_LIMIT :]
        self._take("log", partial(notes.log, run_id, fence, self._text))

    def save_metadata(self, run_id: uuid.UUID, fence: int, metadata: Mapping[str, Any], using: str) -> None:
        """See notes.save_metadata."""
        self._take("metadata", partial(notes.save_metadata, run_id, fence, metadata))

    def flush(self) -> None:
        """Write what is kept over the thread's own connection, and keep it: that transaction may be undone."""
        for write in self._kept.values():
            write(self._using)

    def close(self) -> None:
        """Close the connection beside; raise nothing."""
        if self._beside is not None:
            self._close()

    def _take(self, what: str, write: Callable[[str], None]) -> None:
        self._kept[what] = write
        if self._passes and self._pass_by():
            self._kept.clear()
            self._text = ""

    def _pass_by(self) -> bool:
        ours = connections[self._using]
        self._beside = self._beside or ours.copy()
        connections[self._using] = self._beside
        try:
            with for_alias(self._using).writing(), transaction.atomic(using=self._using):
                return self._write_if_free()
        except (DatabaseError, InterfaceError):  # not worth the function's end; it is written with that
            # Nor is a second wait: the function has itself locked what is to be written.
            self._passes = False
            self._close()
            return False
        finally:
            connections[self._using] = ours

    def _write_if_free(self) -> bool:
        row = TaskRun.objects.using(self._using).filter(pk=self._run_id).select_for_update(skip_locked=True)
        if not row.values_list("pk"):  # the function has it locked, and waiting for that would never end
            return False
        for_alias(self._using).hurry()
        self.flush()
        return True

    def _close(self) -> None:
        try:
            self._beside.close()
        except (DatabaseError, InterfaceError):
            self._beside.connection = None
        self._beside = None

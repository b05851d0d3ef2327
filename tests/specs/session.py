"""A session of a spec: a thread with a connection of its own that stops before each of its steps.

A step is one statement with what follows it up to the next, or a COMMIT. On SQLite, where one transaction writes at a
time and all that this app begins take the write lock at once, a whole transaction is one step: no other order exists.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from django.db import connection, connections

PATIENCE = 60.0
"""Seconds after which a session that is not told to go on gives up."""
COMMIT = "COMMIT"
REST = "(rests)"

NO_STEP = re.compile(
    r"(SAVEPOINT|RELEASE|ROLLBACK|SET |SELECT (pg_notify|UTC_TIMESTAMP|clock_timestamp|\(strftime)"
    r"|INSERT INTO .django_tasks_fsm_transition)",
    re.IGNORECASE,
)
"""Statements that no other session can see or hinder; each belongs to the step before."""

Step = Callable[[Any], Any]
_mine = threading.local()


def rest() -> None:
    """Be a step that does nothing, and let this session go on only after another one has committed or ended."""
    _mine.session._pause(REST)


class Session:
    """Do steps of product code one by one, each when ``go`` is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.waits_before = ""
        self.is_done = True
        self.result: Any = None
        self.error: BaseException | None = None
        self.here = threading.Event()
        self._go = threading.Semaphore(0)
        self._is_free = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"session {name}")
        self.backend: int = self._pool.submit(_connected).result(PATIENCE)

    def begin(self, steps: Sequence[Step], world: Any) -> None:
        """Start; wait until it stands before its first step."""
        self.is_done, self.error, self._is_free, self.result = False, None, False, []
        self.here.clear()
        self._pool.submit(self._run, steps, world)
        assert self.here.wait(PATIENCE), f"session {self.name} does not begin"

    def go(self) -> str:
        """Let it do its next step, and say which one that is."""
        step = self.waits_before
        self.here.clear()
        self._go.release()
        return step

    def close(self) -> None:
        """Let it run to its end unhindered, and leave."""
        self._is_free = True
        self._go.release()
        self._pool.submit(connections.close_all)
        self._pool.shutdown()

    def _run(self, steps: Sequence[Step], world: Any) -> None:
        _mine.session = self
        wrapper: Any = connection
        commit = wrapper._commit

        def paused_commit() -> None:
            self._pause(COMMIT)
            commit()

        try:
            with ExitStack() as stack:
                stack.enter_context(connection.execute_wrapper(self._before))
                if connection.vendor != "sqlite":
                    stack.enter_context(patch.object(wrapper, "_commit", paused_commit))
                for step in steps:
                    self.result.append(step(world))
        except BaseException as error:
            self.error = error
        self.is_done, self.waits_before = True, ""
        self.here.set()

    def _before(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        inside = connection.vendor == "sqlite" and connection.in_atomic_block
        if not inside and not NO_STEP.match(sql):
            self._pause(sql)
        return execute(sql, params, many, context)

    def _pause(self, step: str) -> None:
        if self._is_free:
            return
        self.waits_before = step
        self.here.set()
        if not self._go.acquire(timeout=PATIENCE):
            raise AssertionError(f"nobody let session {self.name} go on before: {step}")


def _connected() -> int:
    """Open this thread's connection and return what the server calls it."""
    ask = {"postgresql": "SELECT pg_backend_pid()", "mysql": "SELECT CONNECTION_ID()"}.get(
        connection.vendor, "SELECT 0"
    )
    with connection.cursor() as cursor:
        cursor.execute(ask)
        return int(cursor.fetchone()[0])

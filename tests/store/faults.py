"""Database errors on demand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import InterfaceError, OperationalError, connection, transaction

from tests.store.threads import SECONDS, in_thread


def transient() -> OperationalError:
    """Make an error as this vendor raises it for a lost race."""
    error = OperationalError(1213, "Deadlock found when trying to get lock; try restarting transaction")
    if connection.vendor == "sqlite":
        error = OperationalError("database is locked")
        error.__cause__ = sqlite3.OperationalError("database is locked")
    if connection.vendor == "postgresql":
        from psycopg import errors

        error.__cause__ = errors.DeadlockDetected("deadlock detected")
    return error


@contextmanager
def failing(errors: list[BaseException], words: tuple[str, ...] = ("INSERT",)) -> Iterator[None]:
    """Raise the errors in turn, one for each statement that holds all ``words``, then let them pass."""

    def wrapper(execute, sql, params, many, context):
        if errors and all(word in sql for word in words):
            raise errors.pop(0)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield


@contextmanager
def losing_the_connection(when: str, words: tuple[str, ...] = ("INSERT",), times: int = 1) -> Iterator[list[str]]:
    """Break the connection ``before`` statements with all ``words`` reach the server, or ``after``; give those sent."""
    sent: list[str] = []

    def wrapper(execute, sql, params, many, context):
        if len(sent) < times and all(word in sql for word in words):
            sent.append(sql)
            if when == "after":
                execute(sql, params, many, context)
            raise InterfaceError("connection already closed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield sent


@contextmanager
def losing_answers_to_commits(number: int = 1) -> Iterator[list[str]]:
    """Let the next COMMITs of this thread's connection be done, but not answered; give a list of those."""
    lost: list[str] = []
    wrapper: Any = connection
    real = wrapper._commit

    def commit() -> None:
        real()
        if len(lost) < number:
            lost.append("COMMIT")
            raise InterfaceError("connection already closed")

    with patch.object(wrapper, "_commit", commit):
        yield lost


@contextmanager
def just_before(*moments: tuple[str, Callable[[], object]]) -> Iterator[None]:
    """Do something on another connection right before the next statement with these words, one after the other."""
    waiting = list(moments)

    def wrapper(execute, sql, params, many, context):
        if waiting and waiting[0][0] in sql:
            in_thread(waiting.pop(0)[1]).result(SECONDS)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
    assert not waiting, "the statement was not sent"


LOCK_TIMEOUTS = {
    "postgresql": ("SET lock_timeout = '1s'", "RESET lock_timeout"),
    "mysql": ("SET SESSION innodb_lock_wait_timeout = 1", "SET SESSION innodb_lock_wait_timeout = DEFAULT"),
}


@contextmanager
def soon_tired_of_locks() -> Iterator[None]:
    """Let this connection wait for a row lock for a second, not for as long as the lock is held."""
    begin, end = LOCK_TIMEOUTS.get(connection.vendor, ("SELECT 1", "SELECT 1"))
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)


class _Undo(Exception):
    """Leave the block and take back what it wrote."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """Run a block in a transaction, or a savepoint, that is rolled back at its end."""
    try:
        with transaction.atomic():
            yield
            raise _Undo
    except _Undo:
        pass

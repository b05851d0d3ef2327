"""Run a piece of work in one transaction and repeat it whole when the database asks for that."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connections, transaction

from django_tasks_fsm.core.dice import DICE
from django_tasks_fsm.dialects import dialect_of

T = TypeVar("T")
TRIES = 10
FIRST_PAUSE = 0.005
LONGEST_PAUSE = 1.0

_never = threading.Event()


def in_transaction(
    work: Callable[[], T], using: str, tries: int = TRIES, committed: Callable[[T], object] | None = None
) -> T:
    """Return what ``work`` returns, committed.

    Inside somebody's ``atomic`` block the work joins it and every error goes to the caller: a deadlock that is caught
    there would on MariaDB undo the outer block without an exception. Outermost, deadlocks, lock waits, "database is
    locked" and lost connections repeat the whole of ``work``, with growing random pauses, up to ``tries`` times; so
    ``work`` must be safe to repeat, which guarded updates are. ``committed`` is called behind each commit with what
    was returned; an error that it raises is taken for that of a commit whose answer was lost.
    """
    if connections[using].in_atomic_block:
        return work()

    def whole() -> T:
        with dialect_of(connections[using]).writing(), transaction.atomic(using=using):
            done = work()
        if committed is not None:
            committed(done)
        return done

    return repeated(whole, using, tries)


def by_itself(work: Callable[[], T], using: str, tries: int = TRIES) -> T:
    """Return what ``work`` returns, which sends one statement; outside a transaction that commits by itself.

    It is repeated as in ``in_transaction``, without its BEGIN and COMMIT. Inside a transaction of the caller's nothing
    is repeated.
    """
    connection = connections[using]
    if connection.in_atomic_block or (connection.connection is not None and not connection.autocommit):
        return work()
    return repeated(work, using, tries)


def repeated(work: Callable[[], T], using: str, tries: int) -> T:
    """Return what ``work`` returns, called again, outside transactions, where the database asks for that."""
    connection = connections[using]
    for attempt in range(1, tries + 1):
        try:
            return work()
        except (DatabaseError, InterfaceError) as error:
            dialect = dialect_of(connection)
            if attempt == tries or not dialect.is_transient(error):
                raise
            if dialect.is_disconnect(error):
                connection.close()
            pause(attempt)
    raise AssertionError("unreachable: the last try returns or raises")


def pause(attempt: int) -> None:
    """Wait before try number ``attempt + 1``: exponentially longer, at random, so that rivals do not meet again."""
    _never.wait(DICE.uniform(0.5, 1.0) * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))

"""Locks with names that a project chooses: one holder at a time, of all threads, processes and hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from django.db import connections, router, transaction

from django_tasks_fsm.dialects import dialect_of
from django_tasks_fsm.exceptions import InvalidLockName
from django_tasks_fsm.models import Lock
from django_tasks_fsm.models.transactions import TRIES, repeated
from django_tasks_fsm.store.locks import hold_all

PREFIX = "user:"
"""No lock of the engine's own begins so."""
LONGEST_NAME = 59
"""What the column leaves beside the prefix."""


@contextmanager
def named_lock(*names: str) -> Iterator[None]:
    """Do what follows in a transaction, as the only one that holds these names; wait for that.

    Several names are taken in one order, whatever order they are given in. Inside somebody's ``atomic`` block the locks
    are held until that ends, and what the database says of a deadlock goes to the caller. Raise InvalidLockName.
    """
    if not names:
        raise TypeError("named_lock() needs a name.")
    wanted = [_prefixed(name) for name in names]
    using = router.db_for_write(Lock)
    outermost = not connections[using].in_atomic_block
    with repeated(lambda: _held(wanted, using, outermost), using, TRIES if outermost else 1):
        yield


def _prefixed(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidLockName(name, LONGEST_NAME)
    return f"{PREFIX}{name}"


def _held(names: list[str], using: str, outermost: bool) -> ExitStack:
    """Return the open transaction that holds the locks; where that fails, nothing is left open."""
    if outermost:
        # Committed before anybody waits for them: of several who make one and wait, MariaDB would see a deadlock.
        for name in names:
            Lock.objects.using(using).get_or_create(name=name)
    writing: AbstractContextManager[None] = dialect_of(connections[using]).writing() if outermost else nullcontext()
    with ExitStack() as stack:
        stack.enter_context(writing)
        stack.enter_context(transaction.atomic(using=using))
        hold_all(names, using)
        return stack.pop_all()

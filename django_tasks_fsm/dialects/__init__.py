"""All SQL that differs between databases, and the questions whose answer is the vendor's.

Below the models: a guarded change of state needs the database's clock and its way to lock (docs/adr/0002).
Two strategies cover four vendors: where UPDATE can return rows (PostgreSQL, SQLite) a pick is one statement; on
MariaDB and MySQL it is a locking SELECT and one UPDATE a row by primary key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from django_tasks_fsm.dialects.base import Dialect

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["Dialect", "dialect_of", "for_alias"]


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    """Return the dialect of a connection; raise NotSupportedError for a vendor nobody has measured."""
    from django_tasks_fsm.dialects.choose import choose

    return choose(connection)


def for_alias(using: str) -> Dialect:
    """Return the dialect of this thread's connection to the database ``using``."""
    return dialect_of(connections[using])

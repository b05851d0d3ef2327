"""What the rest of the app asks of a database."""

from __future__ import annotations

import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_tasks_fsm import conf
from django_tasks_fsm.dialects.pick import Pick

Row = tuple[Any, ...]

CHANNEL = "django_tasks_fsm"
"""Where databases pass messages to workers; a message is the name of a queue with new work, or calls one worker."""

CALL = "!"
"""Begins a message that calls a worker; no name of a queue has it."""


def call_for(worker_id: uuid.UUID) -> str:
    """Return the message that calls one worker to look what is asked of the runs that it holds."""
    return f"{CALL}{worker_id}"


class Dialect(ABC):
    """Answer for one connection; holds nothing but it."""

    transient_codes: ClassVar[frozenset[Any]] = frozenset()
    refusing_codes: ClassVar[frozenset[Any]] = frozenset()
    """Of a database that takes nothing for a while, whatever it is."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    @property
    def exact_collation(self) -> str | None:
        """Return the collation that tells letters apart by case and accent, where the vendor's default does not."""
        return None

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def now_sql(self) -> str:
        """Return an expression for the database's clock at this statement, comparable with a stored datetime."""

    @property
    def statement_now_sql(self) -> str:
        """Return the same, but one and the same moment wherever it stands in a statement."""
        return self.now_sql

    def now(self) -> datetime:
        """Ask the database for its clock, as the ORM would give it."""
        return self.time_out(self.fetch(f"SELECT {self.now_sql}")[0][0])

    def _offset_seconds(self) -> int:
        # With USE_TZ the database holds UTC; without, Django stores the local time of TIME_ZONE.
        if conf.uses_time_zones():
            return 0
        offset = datetime.now(timezone.get_default_timezone()).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    # -- locking and retrying -------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make a transaction that begins inside take its write lock at once, where the vendor needs to be asked."""
        yield

    @property
    def is_private(self) -> bool:
        """Tell whether only this thread should use the database."""
        return False

    def file_id(self) -> object | None:
        """Return what tells the file of this database from every other one; None where there is none on this host."""
        return None

    @property
    def repeats_conditions(self) -> bool:
        """Tell whether a partial index serves only a query in which its condition stands word for word."""
        return False

    @property
    def skips_locked(self) -> bool:
        """Tell whether a locking read can leave out what others have locked."""
        return bool(self.connection.features.has_select_for_update_skip_locked)

    def lock_for_writing(self, table: str) -> None:
        """Take, in an open transaction, what makes a read before a write safe; nothing where row locks do."""

    def hurry(self) -> None:
        """Wait for a lock for a second at most in this transaction, on a connection that nobody else has."""

    def is_transient(self, error: BaseException) -> bool:
        """Tell whether repeating the whole transaction can help: deadlock, lock wait, busy, lost connection."""
        if isinstance(error, InterfaceError):
            return True
        return isinstance(error, DatabaseError) and (
            self._code(error) in self.transient_codes or self.is_disconnect(error)
        )

    def is_outage(self, error: BaseException) -> bool:
        """Tell whether it is not what is written that is refused: a lost race, or a database full or read-only."""
        refuses = isinstance(error, DatabaseError) and self._code(error) in self.refusing_codes
        return refuses or self.is_transient(error)

    def is_disconnect(self, error: BaseException) -> bool:
        """Tell whether the connection is gone."""
        return isinstance(error, InterfaceError) or (isinstance(error, OperationalError) and not self._is_usable())

    def _is_usable(self) -> bool:
        try:
            return self.connection.connection is not None and self.connection.is_usable()
        except DatabaseError:
            return False

    def _code(self, error: BaseException) -> Any:
        return None

    def advice(self) -> list[tuple[str, str, str]]:
        """Return (check number, problem, hint) for settings of this database that will hurt."""
        return []

    def server_advice(self, table: str) -> list[tuple[str, bool, str, str]]:
        """Return (name, whether it is wrong, problem, hint) for how the server itself treats the runs' ``table``."""
        return []

    # -- rows -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def take(self, pick: Pick, assignments: str, params: Sequence[Any], returning: Sequence[str]) -> list[Row]:
        """Update the picked rows and return their new values in any order. Runs in the caller's transaction."""

    @abstractmethod
    def finish(
        self, table: str, assignments: str, guard: str, rows: Sequence[tuple[uuid.UUID, int, str]]
    ) -> set[uuid.UUID]:
        """Store (id, fence, result as JSON) where id, fence and ``guard`` still match; return the ids written.

        Rows that somebody else has locked are left out, where the vendor can skip them.
        """

    def peek(self, select: str, params: Sequence[Any]) -> Row:
        """Return one row of ``select`` with the database's now as its last column."""
        return self.fetch(f"{select}, {self.now_sql}", params)[0]

    def distinct(self, table: str, column: str, where: str, limit: int = 500) -> list[Any]:
        """Return the distinct values of a column, ascending: one look into its index for each, and none at the rows."""
        table = self.connection.ops.quote_name(table)
        first = f"SELECT MIN({column}) FROM {table} WHERE {where}"
        rows = self.fetch(
            f"WITH RECURSIVE found(value) AS (SELECT ({first}) UNION ALL "
            f"SELECT ({first} AND {column} > found.value) FROM found WHERE found.value IS NOT NULL) "
            f"SELECT value FROM found WHERE value IS NOT NULL LIMIT {limit}"
        )
        return [row[0] for row in rows]

    def insert(self, sql: str, params: Sequence[Any], returning: Sequence[str], wakes: str | None) -> Row | None:
        """Run an INSERT of one row and return these columns of it, or None where the vendor cannot return them.

        Where the vendor can, workers of the queue ``wakes`` are told in the same statement.
        """
        if self.connection.features.can_return_columns_from_insert:
            return self.fetch(f"{sql} RETURNING {', '.join(returning)}", params)[0]
        self.execute(sql, params)
        return None

    def wake(self, channel: str, payload: str) -> None:
        """Tell listening workers, when the transaction commits, that ``payload`` (a queue) has work."""

    # -- values ---------------------------------------------------------------------------------------------------

    def id_in(self, value: uuid.UUID) -> Any:
        """Return a run id as this database's parameter."""
        return value if self.connection.features.has_native_uuid_field else value.hex

    def id_out(self, value: Any) -> uuid.UUID:
        """Return a run id as read by a raw cursor."""
        return value if isinstance(value, uuid.UUID) else uuid.UUID(value)

    def time_out(self, value: Any) -> datetime:
        """Return a datetime as read by a raw cursor, as the ORM would give it."""
        if isinstance(value, str):
            parsed = parse_datetime(value)
            if parsed is None:
                raise ValueError(f"The database returned {value!r} where a datetime was expected.")
            value = parsed
        if conf.uses_time_zones() and timezone.is_naive(value):
            value = timezone.make_aware(value, self.connection.timezone)
        moment: datetime = value
        return moment

    def json_out(self, value: Any) -> Any:
        """Return a JSON column as read by a raw cursor."""
        return json.loads(value) if isinstance(value, (str, bytes)) else value

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run a statement whose rows nobody needs."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)

    def fetch(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    # -- noticing other processes ---------------------------------------------------------------------------------

    def change_counter(self) -> Callable[[], int] | None:
        """Return a cheap function whose value changes when another connection commits, where the vendor has one."""
        return None

    def listen(self, channel: str) -> Listener | None:
        """Open a connection that hears ``wake`` calls, where the vendor has a channel for them."""
        return None


class Listener(ABC):
    """Hear other processes; owns a connection of its own."""

    @abstractmethod
    def wait(self, seconds: float) -> str | None:
        """Return the next message within ``seconds``, or None; raise a database error when the connection is lost."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; safe to call twice."""

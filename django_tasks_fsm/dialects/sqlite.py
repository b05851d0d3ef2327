"""SQLite: one writer at a time, so every pick is a single UPDATE and every transaction begins with its write lock."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError

from django_tasks_fsm.dialects.base import Dialect, Row
from django_tasks_fsm.dialects.pick import Pick

BUSY_WORDS = (
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "cannot start a transaction",
)

MOST_LANES = 400
"""SQLite joins at most 500 SELECTs; beyond this it sorts all that is ready."""

HINT = (
    'Set its "OPTIONS" to {"transaction_mode": "IMMEDIATE", "timeout": 20, '
    '"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"}.'
)


REFUSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


class SQLiteDialect(Dialect):
    """Speak to SQLite 3.37 and newer (UPDATE .. RETURNING and UPDATE .. FROM)."""

    refusing_codes = REFUSING

    @property
    def repeats_conditions(self) -> bool:
        """Say yes: SQLite does not conclude from an equation that a list holds, nor from parameters what they are."""
        return True

    @property
    def now_sql(self) -> str:
        """Return the clock of this host in the text form in which Django stores a datetime."""
        # %f has three decimals, cut off; nines make up Django's six, so that what was due a moment ago is due now.
        offset = self._offset_seconds()
        shift = f", '{offset:+d} seconds'" if offset else ""
        return f"(strftime('%%Y-%%m-%%d %%H:%%M:%%f','now'{shift}) || '999')"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Begin with BEGIN IMMEDIATE: a read that later turns into a write fails at once with "database is locked"."""
        wrapper: Any = self.connection
        wrapper.ensure_connection()  # connecting later would set the mode back to that of the settings
        before = getattr(wrapper, "transaction_mode", None)
        wrapper.transaction_mode = "IMMEDIATE"
        try:
            yield
        finally:
            wrapper.transaction_mode = before

    @property
    def is_private(self) -> bool:
        """Tell whether the database lives in memory, where threads with connections of their own hardly get along."""
        wrapper: Any = self.connection
        return bool(wrapper.is_in_memory_db())

    def file_id(self) -> object | None:
        """Return device and inode of what the settings name now, which may be another file than the one in use."""
        try:
            found = os.stat(str(self.connection.settings_dict["NAME"]))
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def lock_for_writing(self, table: str) -> None:
        """Take the write lock by a DELETE of no row, for transactions that somebody else has begun as DEFERRED."""
        self.execute(f"DELETE FROM {table} WHERE 0")

    def is_transient(self, error: BaseException) -> bool:
        """See Dialect.is_transient."""
        if (code := self._code(error)) is not None:
            return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        words = isinstance(error, OperationalError) and any(word in str(error) for word in BUSY_WORDS)
        return words or super().is_transient(error)

    def _code(self, error: BaseException) -> Any:
        cause = error.__cause__
        code = getattr(cause, "sqlite_errorcode", None) if isinstance(cause, sqlite3.Error) else None
        return code & 0xFF if isinstance(code, int) else None  # the rest of it says more than is asked here

    def advice(self) -> list[tuple[str, str, str]]:
        """See Dialect.advice: the default settings are correct but slow, and readers block writers."""
        (mode,) = self.fetch("PRAGMA journal_mode")[0]
        advice = []
        if str(mode).lower() not in ("wal", "memory"):
            problem = f"journal_mode is {mode!r}: a worker that writes blocks every page that reads, and is slow."
            advice.append(("W003", problem, HINT))
        options = self.connection.settings_dict.get("OPTIONS", {})
        if options.get("transaction_mode") != "IMMEDIATE" and str(mode).lower() != "memory":
            problem = "transactions begin as DEFERRED: one that reads first and then writes fails at once under load."
            advice.append(("W004", problem, HINT))
        return advice

    def take(self, pick: Pick, assignments: str, params: Sequence[Any], returning: Sequence[str]) -> list[Row]:
        """See Dialect.take."""
        scan, scan_params = self._scan(pick)
        return self.fetch(
            f"UPDATE {pick.table} SET {assignments} WHERE id IN ({scan}) RETURNING {', '.join(returning)}",
            (*params, *scan_params),
        )

    def _scan(self, pick: Pick) -> tuple[str, tuple[Any, ...]]:
        order, tail = f"ORDER BY {pick.order_sql}", f"ORDER BY {pick.order_sql} LIMIT {pick.limit}"
        if not pick.lanes:
            return f"SELECT id FROM {pick.table} WHERE {pick.where} {tail}", ()
        columns = ", ".join(dict.fromkeys(("id", *pick.columns)))
        scan = f"SELECT {columns} FROM {pick.table} WHERE {pick.where} AND {pick.lane_column}"
        if len(pick.lanes) == 1:
            return f"SELECT id FROM ({scan} = %s {order} LIMIT {pick.most_of(pick.lanes[0])})", pick.lanes
        alone, together = pick.lanes, ()
        if len(pick.lanes) > MOST_LANES:
            together = tuple(lane for lane in pick.lanes if lane not in pick.most)
            alone = tuple(lane for lane in pick.lanes if lane in pick.most)
        parts = [f"SELECT * FROM ({scan} = %s {order} LIMIT {pick.most_of(lane)})" for lane in alone]
        if together:
            parts.append(f"SELECT * FROM ({scan} IN ({', '.join(['%s'] * len(together))}) {tail})")
        return f"SELECT id FROM ({' UNION ALL '.join(parts)}) {tail}", (*alone, *together)

    def finish(
        self, table: str, assignments: str, guard: str, rows: Sequence[tuple[uuid.UUID, int, str]]
    ) -> set[uuid.UUID]:
        """See Dialect.finish."""
        # The plus keeps the guard away from its index: with statistics from a quiet hour SQLite would go through all
        # running rows and unpack the JSON anew for each (40 times slower), instead of looking each id up.
        packed = json.dumps([(self.id_in(run_id), fence, result) for run_id, fence, result in rows])
        written = self.fetch(
            f"UPDATE {table} AS r SET {assignments}, result = v.result FROM (SELECT "
            "json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS fence, "
            "json_extract(value, '$[2]') AS result FROM json_each(%s)) AS v "
            f"WHERE r.id = v.id AND r.fence = v.fence AND +{guard} RETURNING id",
            (packed,),
        )
        return {self.id_out(row[0]) for row in written}

    def change_counter(self) -> Callable[[], int] | None:
        """Return ``PRAGMA data_version``: it changes when another connection commits and costs a few microseconds."""
        self.connection.ensure_connection()
        return self._data_version

    def _data_version(self) -> int:
        # Whatever the connection is by now: a function that ran inline has it closed. A new one counts from elsewhere.
        self.connection.ensure_connection()
        raw: sqlite3.Connection = self.connection.connection
        return int(raw.execute("PRAGMA data_version").fetchone()[0])

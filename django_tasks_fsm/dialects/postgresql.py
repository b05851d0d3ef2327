"""PostgreSQL: one statement picks, locks and updates; LISTEN/NOTIFY wakes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError

from django_tasks_fsm.dialects.base import CHANNEL, Dialect, Listener, Row
from django_tasks_fsm.dialects.pick import Pick

# serialization failure, deadlock, lock not available, admin shutdown, crash shutdown, cannot connect now, too many
TRANSIENT = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"})

# read-only, as a server is that follows another one; disk full
REFUSING = frozenset({"25006", "53100"})


class PostgreSQLDialect(Dialect):
    """Speak to PostgreSQL 14 and newer through psycopg 3 (psycopg 2 works, without LISTEN)."""

    transient_codes = TRANSIENT
    refusing_codes = REFUSING

    @property
    def now_sql(self) -> str:
        """Return the wall clock of the server: now() would stand still within a transaction."""
        return "clock_timestamp()"

    @property
    def statement_now_sql(self) -> str:
        """Return when this statement came in: clock_timestamp() goes on between two mentions of it."""
        return "statement_timestamp()"

    def _code(self, error: BaseException) -> Any:
        return getattr(error.__cause__, "sqlstate", None) or getattr(error.__cause__, "pgcode", None)

    def is_disconnect(self, error: BaseException) -> bool:
        """See Dialect.is_disconnect; a broken connection leaves no code, and Django may have opened another by now."""
        return super().is_disconnect(error) or (isinstance(error, OperationalError) and self._code(error) is None)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Begin at READ COMMITTED: in a snapshot, whoever ends a run does not see an edge that has just been added."""
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        in_autocommit = self.connection.get_autocommit()
        raw = self.connection.connection
        before = raw.isolation_level
        if before == IsolationLevel.READ_COMMITTED or not in_autocommit:
            yield
            return
        # Also where the settings do not name a level: the role or the server may. It goes out with BEGIN.
        with self.connection.wrap_database_errors:  # a lost connection refuses already here
            raw.isolation_level = IsolationLevel.READ_COMMITTED
        try:
            yield
        finally:
            if self.connection.connection is raw and not raw.closed:
                raw.isolation_level = before

    def advice(self) -> list[tuple[str, str, str]]:
        """See Dialect.advice: transactions that ``writing`` does not begin have the level of the settings."""
        from django.db.backends.postgresql.psycopg_any import IsolationLevel

        level = self.connection.settings_dict.get("OPTIONS", {}).get("isolation_level")
        if level in (None, IsolationLevel.READ_COMMITTED, IsolationLevel.READ_UNCOMMITTED):
            return []
        problem = (
            f"isolation_level is {level!r}: workers do not use it, but a run that your own transaction ends "
            "may not release a dependent that was enqueued meanwhile."
        )
        return [("W005", problem, 'Remove "isolation_level" from its "OPTIONS": READ COMMITTED is the default.')]

    def server_advice(self, table: str) -> list[tuple[str, bool, str, str]]:
        """See Dialect.server_advice."""
        from django_tasks_fsm.dialects.postgresql_server import advice_of

        return advice_of(self, table)

    def take(self, pick: Pick, assignments: str, params: Sequence[Any], returning: Sequence[str]) -> list[Row]:
        """See Dialect.take."""
        # A plain subquery in WHERE id IN (...) may be executed again by the planner, which then locks and updates more
        # rows than LIMIT says; a CTE with FOR UPDATE is never inlined.
        scan, scan_params = self._scan(pick)
        columns = ", ".join(f"r.{column}" for column in returning)
        return self.fetch(
            f"WITH picked AS MATERIALIZED ({scan}) UPDATE {pick.table} AS r SET {assignments} FROM picked "
            f"WHERE r.id = picked.id RETURNING {columns}",
            (*scan_params, *params),
        )

    def _scan(self, pick: Pick) -> tuple[str, tuple[Any, ...]]:
        def one(lane: str, columns: str, most: int | str) -> str:
            return (
                f"SELECT {columns} FROM {pick.table} WHERE {pick.where}{lane} "
                f"ORDER BY {pick.order_sql} LIMIT {most} FOR UPDATE SKIP LOCKED"
            )

        if not pick.lanes:
            return one("", "id", pick.limit), ()
        if len(pick.lanes) == 1:
            return one(f" AND {pick.lane_column} = %s", "id", pick.most_of(pick.lanes[0])), pick.lanes
        columns = ", ".join(dict.fromkeys(("id", *pick.columns)))
        lane = one(f" AND {pick.lane_column} = lane.name", columns, "lane.most" if pick.most else pick.limit)
        lanes, params = "unnest(%s::varchar[]) AS lane(name)", [list(pick.lanes)]
        if pick.most:
            lanes = "unnest(%s::varchar[], %s::int[]) AS lane(name, most)"
            params.append([pick.most_of(name) for name in pick.lanes])
        merged = f"SELECT ready.id FROM {lanes}, LATERAL ({lane}) AS ready ORDER BY {pick.order_sql} LIMIT {pick.limit}"
        return merged, tuple(params)

    def finish(
        self, table: str, assignments: str, guard: str, rows: Sequence[tuple[uuid.UUID, int, str]]
    ) -> set[uuid.UUID]:
        """See Dialect.finish."""
        ids, fences, results = zip(*rows, strict=True)
        mine = f"r.id = v.id AND r.fence = v.fence AND {guard}"
        written = self.fetch(
            "WITH v AS (SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::jsonb[]) AS v(id, fence, result)), "
            f"free AS MATERIALIZED (SELECT v.* FROM v JOIN {table} AS r ON {mine} FOR NO KEY UPDATE OF r SKIP LOCKED) "
            f"UPDATE {table} AS r SET {assignments}, result = v.result FROM free AS v WHERE {mine} RETURNING r.id",
            (list(ids), list(fences), list(results)),
        )
        return {self.id_out(row[0]) for row in written}

    def insert(self, sql: str, params: Sequence[Any], returning: Sequence[str], wakes: str | None) -> Row | None:
        """Insert and notify in one round trip: NOTIFY costs nothing when it rides in the INSERT's statement."""
        if wakes is None:
            return super().insert(sql, params, returning, wakes)
        columns = ", ".join(returning)
        return self.fetch(
            f"WITH inserted AS ({sql} RETURNING {columns}) SELECT {columns}, pg_notify(%s, %s) FROM inserted",
            (*params, CHANNEL, wakes),
        )[0][:-1]

    def wake(self, channel: str, payload: str) -> None:
        """See Dialect.wake; PostgreSQL delivers at commit and folds equal messages of one transaction."""
        self.execute("SELECT pg_notify(%s, %s)", (channel, payload))

    def hurry(self) -> None:
        """See Dialect.hurry."""
        self.execute("SET LOCAL lock_timeout = '1s'")

    def listen(self, channel: str) -> Listener | None:
        """See Dialect.listen."""
        try:
            import psycopg
        except ImportError:
            return None
        connection = psycopg.connect(**{**self.connection.get_connection_params(), "autocommit": True})
        return PostgreSQLListener(connection, channel)


class PostgreSQLListener(Listener):
    """Hold one idle connection that listens; it never runs a transaction."""

    def __init__(self, connection: Any, channel: str) -> None:
        self._connection = connection
        from psycopg import sql

        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

    def wait(self, seconds: float) -> str | None:
        """See Listener.wait."""
        for notification in self._connection.notifies(timeout=seconds, stop_after=1):
            return str(notification.payload)
        return None

    def close(self) -> None:
        """See Listener.close."""
        self._connection.close()

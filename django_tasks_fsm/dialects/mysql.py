"""MariaDB and MySQL: a locking SELECT picks, and every update names primary keys.

Range updates deadlock against updates by primary key (75 deadlocks in 6 s against none, at READ COMMITTED), a LIMIT in
a subquery of IN is refused, and UPDATE cannot return rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django_tasks_fsm.dialects.base import Dialect, Row
from django_tasks_fsm.dialects.pick import Pick

# deadlock, lock wait timeout, record changed since last read, query interrupted, too many connections; then what a lost
# connection can say: killed, cannot connect (two), server gone, lost during the query, closed for being idle
TRANSIENT = frozenset({1213, 1205, 1020, 1317, 1040, 1927, 2002, 2003, 2006, 2013, 4031})
# disk full (two), table full, read-only by an option, by the server's state and by the transaction's
REFUSING = frozenset({3, 1021, 1114, 1290, 1836, 1792})

READ_COMMITTED = "read committed"


class MySQLDialect(Dialect):
    """Speak to MariaDB 10.6 and MySQL 8.0.11 and newer (SKIP LOCKED). Django counts matched rows, not changed ones."""

    transient_codes = TRANSIENT
    refusing_codes = REFUSING

    @property
    def now_sql(self) -> str:
        """Return UTC: NOW() would follow the session's time zone, which nobody sets."""
        offset = self._offset_seconds()
        return f"(UTC_TIMESTAMP(6) + INTERVAL {offset} SECOND)" if offset else "UTC_TIMESTAMP(6)"

    def _code(self, error: BaseException) -> Any:
        return error.args[0] if error.args else None

    @property
    def exact_collation(self) -> str | None:
        """Return the vendor's name of the binary collation that does not ignore trailing spaces either."""
        wrapper: Any = self.connection
        return "utf8mb4_nopad_bin" if wrapper.mysql_is_mariadb else "utf8mb4_0900_bin"

    @property
    def _level(self) -> Any:
        # Django's own default; None leaves it to the server.
        return self.connection.settings_dict.get("OPTIONS", {}).get("isolation_level", READ_COMMITTED)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Begin at READ COMMITTED: above it gap locks make inserts wait, and a snapshot hides new edges."""
        if str(self._level).lower() != READ_COMMITTED and self.connection.get_autocommit():
            self.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        yield

    def hurry(self) -> None:
        """See Dialect.hurry."""
        self.execute("SET SESSION innodb_lock_wait_timeout = 1")

    def advice(self) -> list[tuple[str, str, str]]:
        """See Dialect.advice: transactions that ``writing`` does not begin have the level of the settings."""
        if str(self._level).lower() == READ_COMMITTED:
            return []
        problem = (
            f"isolation_level is {self._level!r}: workers do not use it, but a run that your own transaction ends may "
            "not release a dependent that was enqueued meanwhile, and its locks make others wait."
        )
        return [("W005", problem, 'Remove it, or set "OPTIONS": {"isolation_level": "read committed"}.')]

    def take(self, pick: Pick, assignments: str, params: Sequence[Any], returning: Sequence[str]) -> list[Row]:
        """See Dialect.take; needs an open transaction."""
        ids = self._picked(pick)
        if not ids:
            return []
        marks = ", ".join(["%s"] * len(ids))
        self.execute(f"UPDATE {pick.table} SET {assignments} WHERE id IN ({marks})", (*params, *ids))
        return self.fetch(f"SELECT {', '.join(returning)} FROM {pick.table} WHERE id IN ({marks})", ids)

    def _picked(self, pick: Pick) -> list[Any]:
        columns = ", ".join(("id", *pick.columns))
        order = f"ORDER BY {pick.order_sql}"
        scan = f"SELECT {columns} FROM {pick.table} WHERE {pick.where}"
        if not pick.lanes:
            return [row[0] for row in self.fetch(f"{scan} {order} LIMIT {pick.limit} FOR UPDATE SKIP LOCKED")]
        rows: list[Row] = []
        for lane in pick.lanes:
            tail = f"{order} LIMIT {pick.most_of(lane)} FOR UPDATE SKIP LOCKED"
            rows += self.fetch(f"{scan} AND {pick.lane_column} = %s {tail}", (lane,))
        # Sorts are stable, so sorting by the last key first gives the merged order.
        for position, column in reversed(list(enumerate(pick.order, start=1))):
            rows.sort(key=lambda row, at=position: row[at], reverse=column.startswith("-"))  # type: ignore[misc]
        return [row[0] for row in rows[: pick.limit]]

    def finish(
        self, table: str, assignments: str, guard: str, rows: Sequence[tuple[uuid.UUID, int, str]]
    ) -> set[uuid.UUID]:
        """See Dialect.finish."""
        free = self._free(table, [self.id_in(run_id) for run_id, _, _ in rows])
        statement = f"UPDATE {table} AS r SET {assignments}, result = %s WHERE r.id = %s AND r.fence = %s AND {guard}"
        written = set()
        with self.connection.cursor() as cursor:
            # In id order, as every other writer locks, so that two batches cannot wait for each other.
            for run_id, fence, result in sorted(row for row in rows if row[0] in free):
                cursor.execute(statement, (result, self.id_in(run_id), fence))
                if cursor.rowcount:
                    written.add(run_id)
        return written

    def _free(self, table: str, ids: Sequence[Any]) -> set[uuid.UUID]:
        # By primary key only, and forced: along an index of states this would lock the runs of other workers for a
        # moment, who would then take them for locked by somebody who keeps a transaction open.
        marks = ", ".join(["%s"] * len(ids))
        locked = f"SELECT id FROM {table} FORCE INDEX (PRIMARY) WHERE id IN ({marks}) FOR UPDATE SKIP LOCKED"
        return {self.id_out(row[0]) for row in self.fetch(locked, ids)}

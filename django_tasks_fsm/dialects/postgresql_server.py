"""How a PostgreSQL server treats the queue: vacuum, isolation, and transactions that nobody ends."""

from __future__ import annotations

from django_tasks_fsm.dialects.base import Dialect

BIG = 100_000
"""Rows from which on the default of vacuuming at a fifth of the table comes late."""
OLD_SECONDS = 60
FACTS = (
    "SELECT current_setting('autovacuum'), current_setting('default_transaction_isolation'), c.reltuples, "
    "COALESCE(array_to_string(c.reloptions, ' '), '') FROM pg_class AS c WHERE c.oid = %s::regclass"
)
OLDEST = (
    "SELECT EXTRACT(EPOCH FROM clock_timestamp() - MIN(xact_start)) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)

Advice = tuple[str, bool, str, str]


def advice_of(dialect: Dialect, table: str) -> list[Advice]:
    """Return what Dialect.server_advice does; nothing about a table that does not exist."""
    if not dialect.fetch("SELECT to_regclass(%s) IS NOT NULL", (f'"{table}"',))[0][0]:
        return []
    autovacuum, isolation, rows, options = dialect.fetch(FACTS, (f'"{table}"',))[0]
    found = _vacuum(table, autovacuum, rows, options)
    if isolation != "read committed":
        problem = f"the server's default_transaction_isolation is {isolation!r}: your own transactions begin with it."
        found.append(("isolation", True, problem, "Set it to 'read committed' for the role or the database."))
    return found + _old_transactions(dialect)


def _vacuum(table: str, autovacuum: str, rows: float, options: str) -> list[Advice]:
    if autovacuum != "on" or "autovacuum_enabled=false" in options:
        problem = "autovacuum is off: rows of ended states pile up in the indexes, and every claim reads past them."
        return [("autovacuum", True, problem, f'Turn it on, for "{table}" at least.')]
    if rows < BIG or "autovacuum_vacuum_scale_factor" in options:
        return []
    problem = f"{table} is vacuumed when a fifth of its {int(rows)} rows have changed, which is late for a queue."
    hint = f'ALTER TABLE "{table}" SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 70).'
    return [("vacuum", False, problem, hint)]


def _old_transactions(dialect: Dialect) -> list[Advice]:
    (age,) = dialect.fetch(OLDEST)[0]
    if age is None or age < OLD_SECONDS:
        return []
    problem = f"a transaction has been open for {int(age)} seconds: dead rows stay, and claims slow down meanwhile."
    hint = "Find it in pg_stat_activity by its xact_start, and end it."
    return [("old-transaction", True, problem, hint)]

"""Look, in one cheap statement, whether there is anything to do and when there will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models.line import IN_LINE
from django_tasks_fsm.store.tables import DUE, FIRES, PAUSE_ENDS, READY, tables


@dataclass(frozen=True, slots=True)
class View:
    """What a look saw: ``due_in`` and ``fires_in`` are seconds from the database's now, negative when overdue.

    ``fires_in`` is when a task fires, or its pause ends.
    ``in_line`` are runs that are due and wait for a slot of their limits.
    """

    ready: bool
    due_in: float | None
    fires_in: float | None
    in_line: bool = False


def peek(queues: Sequence[str], excluded: Sequence[str], using: str) -> View:
    """Return whether a run waits in ``queues`` ("*": all) but ``excluded`` and paused ones, and when more will come.

    One autocommit statement that reads the heads of five indexes.
    """
    dialect = for_alias(using)
    names = tables(using)
    # Not EXISTS: MariaDB would turn it into a join and read every queued row first, not one for each queue. The order
    # is the claim's, so that PostgreSQL takes the claim's index and never the whole table.
    head = f"SELECT id FROM {names.runs} WHERE {READY} AND queue = lane.name ORDER BY priority DESC, run_at, id LIMIT 1"
    waiting = f"({head}) IS NOT NULL"
    wanted = () if "*" in queues else tuple(queues)
    ready, due, fires, resumes, in_line, now = dialect.peek(
        f"SELECT EXISTS(SELECT 1 FROM {names.queues} AS lane "
        f"WHERE (lane.paused_at IS NULL OR lane.paused_until <= {dialect.now_sql})"
        f"{_in('IN', wanted)}{_in('NOT IN', excluded)} AND {waiting}), "
        f"(SELECT MIN(run_at) FROM {names.runs} WHERE {DUE}), "
        f"(SELECT next_run_at FROM {names.tasks} WHERE {FIRES} ORDER BY next_run_at LIMIT 1), "
        f"(SELECT MIN(paused_until) FROM {names.tasks} WHERE {PAUSE_ENDS}), "
        f"(SELECT task_id FROM {names.runs} WHERE {IN_LINE} ORDER BY line, task_id LIMIT 1)",
        (*wanted, *excluded),
    )
    moment = dialect.time_out(now)

    def seconds(value: object) -> float | None:
        return None if value is None else _since(dialect.time_out(value), moment)

    return View(bool(ready), seconds(due), _least(seconds(fires), seconds(resumes)), in_line is not None)


def _least(*seconds: float | None) -> float | None:
    return min((one for one in seconds if one is not None), default=None)


def _in(word: str, names: Sequence[str]) -> str:
    return f" AND lane.name {word} ({', '.join(['%s'] * len(names))})" if names else ""


def _since(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()

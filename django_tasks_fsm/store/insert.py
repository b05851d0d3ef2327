"""Send the rows of new runs to the database: one in one statement, many in statements that every server accepts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import sql
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.settling import wake_here
from django_tasks_fsm.models.transactions import by_itself

ROWS = 500
BYTES = 512 * 1024
"""In one statement: MariaDB and MySQL end the connection at max_allowed_packet, which may be 1 MiB."""

ROW_BYTES = 600
"""What a row takes besides its arguments, or a little less."""

TIMES = ("run_at", "enqueued_at")


def insert_one(run: TaskRun, using: str) -> None:
    """Insert a run by a single statement; outside a transaction a broken connection repeats it, and it is stored once.

    Times that are expressions become what the database made of them, or this host's time where it cannot tell.
    """
    statement, params = _insert_sql(run, using)
    is_repeat = False

    def send() -> Sequence[datetime] | None:
        nonlocal is_repeat
        was_sent, is_repeat = is_repeat, True
        try:
            return _send(statement, params, run, using)
        except IntegrityError:
            # After a lost answer: the id is taken by the very row that this statement is about.
            times = _stored_times(run, using) if was_sent else None
            if times is None:
                raise
            return times

    times = by_itself(send, using)
    _tell(run, times or (timezone.now(),) * 2)
    run._state.adding, run._state.db = False, using
    if wakes(run):
        wake_here(frozenset({run.queue}), using)


def wakes(run: TaskRun) -> bool:
    """Tell whether an idle worker has something to do when it hears of this new run: to start it, or put it in line."""
    return run.state == RunState.QUEUED or (run.limited and run.state == RunState.PENDING and not run.waiting_on)


def _send(statement: str, params: Sequence[Any], run: TaskRun, using: str) -> list[datetime] | None:
    dialect = for_alias(using)
    row = dialect.insert(statement, params, TIMES, run.queue if wakes(run) else None)
    return None if row is None else [dialect.time_out(value) for value in row]


def _stored_times(run: TaskRun, using: str) -> Sequence[datetime] | None:
    times: Sequence[datetime] | None = TaskRun.objects.using(using).filter(pk=run.pk).values_list(*TIMES).first()
    return times


def _tell(run: TaskRun, times: Sequence[datetime]) -> None:
    for name, value in zip(TIMES, times, strict=True):
        if not isinstance(getattr(run, name), datetime):
            setattr(run, name, value)


def _insert_sql(run: TaskRun, using: str) -> tuple[str, Sequence[Any]]:
    # The statement that save() would run, taken in hand so that PostgreSQL can carry a NOTIFY in the same round trip.
    query = sql.InsertQuery(TaskRun)
    query.insert_values(TaskRun._meta.concrete_fields, [run], raw=True)
    ((statement, params),) = query.get_compiler(using=using).as_sql()
    return statement, params


def insert_many(runs: Sequence[TaskRun], using: str) -> None:
    """Insert runs, as many in a statement as its size allows. Needs an open transaction."""
    for some in _cut(runs):
        TaskRun.objects.using(using).bulk_create(some)


def _cut(runs: Sequence[TaskRun]) -> Iterator[list[TaskRun]]:
    some: list[TaskRun] = []
    room = BYTES
    for run in runs:
        size = _size(run)
        if some and (len(some) == ROWS or size > room):
            yield some
            some, room = [], BYTES
        some.append(run)
        room -= size
    if some:
        yield some


def _size(run: TaskRun) -> int:
    # As Django writes JSON, in ASCII; the client then puts a backslash before each quote and backslash.
    text = json.dumps(run.args) + json.dumps(run.kwargs)
    return ROW_BYTES + len(text) + text.count('"') + text.count("\\")

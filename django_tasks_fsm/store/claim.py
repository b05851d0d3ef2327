"""Hand queued runs to one worker."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.slots import Portion
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import Dialect, Row
from django_tasks_fsm.dialects.pick import Pick
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models import TaskRun, events
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.transitions import Moved
from django_tasks_fsm.store.tables import READY, tables

COLUMNS = (
    "id", "task_id", "fence", "attempt", "queue", "priority", "args", "kwargs", "enqueued_at", "run_at", "started_at",
    "limited", "concurrency_key",
)  # fmt: skip
RUNNING = RUN_MACHINE.target("dispatch", RunState.QUEUED)
HOLDS = f", line = CASE WHEN limited THEN {Place.HELD.value} ELSE {Place.OUTSIDE.value} END"
"""For a run that did not stand in line: it counts from now on."""


def claim(worker_id: uuid.UUID, queues: Sequence[str], what: int | Portion, using: str) -> list[Claim]:
    """Take up to so many queued runs for a worker and return them, highest priority first, then longest due.

    Raises each run's fence, so whoever held it before can no longer write, and charges an attempt. Rows that another
    worker is claiming at this moment are skipped. Needs an open transaction.
    """
    portion = Portion(what) if isinstance(what, int) else what
    lanes = tuple(name for name in queues if portion.queues.get(name, 1) > 0)
    if portion.limit <= 0 or not lanes:
        return []
    failpoint("claim.before")
    dialect = for_alias(using)
    order = ("-priority", "run_at", "id")
    pick = Pick(tables(using).runs, _ready(portion), order, portion.limit, "queue", lanes, portion.queues)
    rows = _take(dialect, pick, worker_id)
    failpoint("claim.selected")
    taken = sorted((_claim(dialect, row) for row in rows), key=lambda one: (-one.priority, one.run_at, one.id))
    if events.are_heard():
        _tell(taken, RunState.QUEUED, worker_id, using)
    return taken


def claim_run(worker_id: uuid.UUID, run_id: uuid.UUID, using: str) -> Claim | None:
    """Take exactly this run, due or not; None if it waits for others, or is not there to be taken. Else as ``claim``.

    For a worker that holds nothing: a run that is RUNNING in its name is one whose claim it has not heard of.
    """
    dialect, runs = for_alias(using), tables(using).runs
    dialect.lock_for_writing(runs)
    row = TaskRun.objects.using(using).filter(pk=run_id).values_list("state", "waiting_on", "worker_id").first()
    if row is None or row[1]:
        return None
    if row[0] == RunState.RUNNING and row[2] == worker_id:
        return Claim(*TaskRun.objects.using(using).values_list(*COLUMNS).get(pk=run_id))
    if row[0] not in (RunState.PENDING, RunState.QUEUED):
        return None
    state = RunState(row[0])
    pick = Pick(runs, f"state = '{state}' AND waiting_on = 0", ("id",), 1, "id", (dialect.id_in(run_id),))
    taken = [_claim(dialect, each) for each in _take(dialect, pick, worker_id, HOLDS)]
    if events.are_heard():
        _tell(taken, state, worker_id, using)
    return taken[0] if taken else None


def _ready(portion: Portion) -> str:
    floor = "" if portion.floor is None else f" AND priority >= {portion.floor:d}"
    without = f" AND task_id NOT IN ({', '.join(map(str, sorted(portion.without)))})" if portion.without else ""
    return f"{READY}{floor}{without}"


def _take(dialect: Dialect, pick: Pick, worker_id: uuid.UUID, place: str = "") -> list[Row]:
    now = dialect.now_sql
    return dialect.take(
        pick,
        f"state = '{RUNNING}', fence = fence + 1, attempt = attempt + 1, worker_id = %s, started_at = {now}, "
        f"paced_at = CASE WHEN limited THEN {now} ELSE paced_at END{place}",
        (dialect.id_in(worker_id),),
        COLUMNS,
    )


def _tell(taken: Sequence[Claim], source: RunState, worker_id: uuid.UUID, using: str) -> None:
    name = Actor.worker(worker_id).name
    moved = [
        Moved(each.id, "dispatch", source.value, RUNNING.value, each.attempt, worker_id, each.task_id, name)
        for each in taken
    ]
    events.tell(TaskRun, moved, using)


def _claim(dialect: Dialect, row: Row) -> Claim:
    run_id, task_id, fence, attempt, queue, priority, args, kwargs, enqueued, due, started, limited, key = row
    return Claim(
        id=dialect.id_out(run_id),
        task_id=task_id,
        fence=fence,
        attempt=attempt,
        queue=queue,
        priority=priority,
        args=dialect.json_out(args),
        kwargs=dialect.json_out(kwargs),
        enqueued_at=dialect.time_out(enqueued),
        run_at=dialect.time_out(due),
        started_at=dialect.time_out(started),
        limited=bool(limited),
        concurrency_key=key,
    )

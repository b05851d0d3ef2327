"""How late the runs of each queue start, as far as a bounded look can tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from django_tasks_fsm.core.latency import Latency, latency, summary
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import list_each
from django_tasks_fsm.models.run import TaskRun

NEWEST = 5_000
"""Runs, the newest of all queues by the time they were made, among which started ones are looked for."""
EACH = 1_000
"""Runs of one queue that are counted, and running runs that are looked at."""


def by_queue(using: str) -> Mapping[str, Latency]:
    """Return the latency of each queue of which any run has started lately; one statement.

    Two indexes serve: the primary key gives the newest runs, and that of what workers hold the running ones, which a
    backlog of newer runs would hide.
    """
    columns = ("id", "queue", "state", "run_at", "started_at")
    runs = TaskRun.objects.using(using).values_list(*columns)
    running = runs.filter(state=RunState.RUNNING.value).order_by()[:EACH]
    dialect = for_alias(using)
    found: dict[str, dict[object, timedelta]] = defaultdict(dict)
    for rows in list_each([running, runs.order_by("-id")[:NEWEST]], using):
        for pk, queue, state, run_at, started_at in rows:
            if started_at is not None and len(found[queue]) < EACH:
                late = latency(state, dialect.time_out(run_at), dialect.time_out(started_at))
                if late is not None:
                    found[queue][pk] = late
    each = {queue: summary(latencies.values()) for queue, latencies in found.items()}
    return {queue: told for queue, told in each.items() if told is not None}

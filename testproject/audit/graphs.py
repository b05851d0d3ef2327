"""Find audits: the graphs of runs that ``discover`` has founded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from audit.phase import DISCOVER, REPORT, VERIFY, Step, Tally
from audit.tasks import discover, report, verify
from django_tasks_fsm.models import TaskRun

STEPS: dict[str, Step] = {
    discover.module_path: DISCOVER,
    verify.module_path: VERIFY,
    report.module_path: REPORT,
}


def runs_of(graphs: Collection[UUID]) -> QuerySet[TaskRun]:
    """Return the runs of these audits.

    An audit bears the id of its first run, which joins its own graph only when it starts.
    """
    runs: QuerySet[TaskRun] = TaskRun.objects.filter(Q(graph__in=graphs) | Q(pk__in=graphs))
    return runs.filter(task__function__in=STEPS)


def tallies(graphs: Collection[UUID]) -> dict[UUID, Tally]:
    """Return how many runs of each audit are in which state, with one query."""
    found: dict[UUID, Tally] = defaultdict(Tally)
    runs = runs_of(graphs).annotate(audit=Coalesce("graph", "id"))
    counted = runs.values_list("audit", "task__function", "state").annotate(count=Count("pk"))
    for graph, function, state, count in counted.order_by():
        getattr(found[graph], STEPS[function])[state] += count
    return found


def latest(count: int) -> dict[UUID, datetime]:
    """Return the last audits, newest first, each with the time at which it was enqueued."""
    firsts = TaskRun.objects.filter(task__function=discover.module_path).annotate(audit=Coalesce("graph", "id"))
    return dict(firsts.order_by("-pk").values_list("audit", "enqueued_at")[:count])

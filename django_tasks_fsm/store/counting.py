"""Count what the limits of tasks are about: the rows that hold a slot, and those that began a short while ago."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Count

from django_tasks_fsm.core.limits import Counted, Limits, Place, Rate
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.each import COUNT, answer_each
from django_tasks_fsm.exceptions import InvalidLimit
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.line import holding
from django_tasks_fsm.models.moments import stored


def limits_of(tasks: Iterable[int], using: str) -> dict[int, Limits]:
    """Return the limits of tasks by id; a rate that cannot be read, which a check reports, counts as none."""
    found = Task.objects.using(using).filter(pk__in=tasks).only("max_instances", "concurrency", "rate_limit")
    return {task.pk: _readable(task) for task in found}


def _readable(task: Task) -> Limits:
    try:
        return task.limits
    except InvalidLimit:
        return Limits(task.max_instances, task.concurrency)


def counted(policies: Mapping[int, Limits], keys: Collection[str], now: datetime, using: str) -> Counted:
    """Count for these tasks and concurrency keys; ``now`` as a column holds it."""
    spent: dict[int, int] = {}
    opens: dict[int, datetime] = {}
    for task, allowed in policies.items():
        if allowed.rate is not None:
            spent[task], at = _spent(task, allowed.rate, now, using)
            opens |= {} if at is None else {task: at}
    return Counted(_by_task(policies, using), _by_key(keys, using), spent, opens)


def _by_task(policies: Mapping[int, Limits], using: str) -> dict[int, int]:
    limited = [task for task, allowed in policies.items() if allowed.max_instances is not None]
    if not limited:
        return {}
    rows = holding(using).filter(task_id__in=limited).values_list("task_id")
    return dict(rows.annotate(Count("pk")))


def _by_key(keys: Collection[str], using: str) -> dict[str, int]:
    if not keys:
        return {}
    rows = holding(using).filter(concurrency_key__in=keys).values_list("concurrency_key")
    return dict(rows.annotate(Count("pk")))


def _spent(task: int, rate: Rate, now: datetime, using: str) -> tuple[int, datetime | None]:
    """Return how many runs have begun within the period, or are queued to begin, and when the next slot is free.

    One that has been queued for longer than the period still counts: it may begin at any moment.
    """
    queued = holding(using).filter(task_id=task, state=RunState.QUEUED.value).count()
    began = TaskRun.objects.using(using).filter(task_id=task, paced_at__gt=stored(now - rate.period))
    moments = began.exclude(state=RunState.QUEUED.value, line=Place.HELD.value).order_by("-paced_at").values("paced_at")
    # The slot of the oldest of the last ``count`` starts is the next to become free, if no queued run takes it.
    free = max(0, rate.count - queued)
    number, at = answer_each([(COUNT, moments[: rate.count]), ("MIN(paced_at)", moments[: free or 1])], using)
    return queued + number, for_alias(using).time_out(at) + rate.period if 0 < free <= number else None

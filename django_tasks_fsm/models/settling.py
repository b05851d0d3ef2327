"""What the end, or the new life, of a run means for the runs that wait for it; in the transaction that made it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Case, F, When

from django_tasks_fsm import signals
from django_tasks_fsm.core.prerequisites import SATISFYING, Condition
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import CHANNEL
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.prerequisite import RunPrerequisite
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.transitions import Change, apply, batches


def settle(ended: Mapping[uuid.UUID, RunState], using: str) -> None:
    """Count the met prerequisites of the runs that waited for ``ended`` and queue those that wait for nothing more.

    An edge is counted once (``met``), so repeating a settle changes nothing. Dependents are locked in id order.
    """
    freed: Counter[uuid.UUID] = Counter()
    met: list[int] = []
    for some in batches(list(ended)):
        edges = RunPrerequisite.objects.using(using).filter(prerequisite_id__in=some, met=False)
        for edge, run_id, prerequisite_id, condition in edges.values_list(
            "pk", "run_id", "prerequisite_id", "condition"
        ):
            if ended[prerequisite_id] in SATISFYING[Condition(condition)]:
                met.append(edge)
                freed[run_id] += 1
    if met:
        _count(met, True, freed, -1, using)
        queue_ready(freed, using)


def unsettle(revived: Iterable[uuid.UUID], using: str) -> None:
    """Let the dependents of ``revived`` runs that have not started wait for them again."""
    waiting = [state.value for state in (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)]
    blocked: Counter[uuid.UUID] = Counter()
    unmet: list[int] = []
    for some in batches(list(revived)):
        edges = RunPrerequisite.objects.using(using).filter(prerequisite_id__in=some, met=True, run__state__in=waiting)
        for edge, run_id in edges.values_list("pk", "run_id"):
            unmet.append(edge)
            blocked[run_id] += 1
    if unmet:
        _count(unmet, False, blocked, 1, using)
        apply(TaskRun, Change("hold", Actor.system()), blocked, using)


def _count(edges: Sequence[int], met: bool, runs: Mapping[uuid.UUID, int], sign: int, using: str) -> None:
    for some in batches(edges):
        RunPrerequisite.objects.using(using).filter(pk__in=some).update(met=met)
    for run_id in sorted(runs):
        number = runs[run_id]
        less = Case(When(waiting_on__gt=number, then=F("waiting_on") - number), default=0)
        # Never below zero: the count of a dependent, wrong by somebody's hand, must not keep a run from ending.
        count = F("waiting_on") + number if sign > 0 else less
        TaskRun.objects.using(using).filter(pk=run_id).update(waiting_on=count)


def queue_ready(run_ids: Iterable[uuid.UUID], using: str) -> int:
    """Move those of the runs that are due and wait for nothing from PENDING to QUEUED; return how many."""
    ready: list[uuid.UUID] = []
    for some in batches(sorted(set(run_ids))):
        due = TaskRun.objects.using(using).filter(
            pk__in=some, state=RunState.PENDING.value, waiting_on=0, run_at__lte=DatabaseNow()
        )
        ready += due.values_list("pk", flat=True)
    moved = apply(TaskRun, Change("queue", Actor.system()), ready, using)
    wake_for([row.pk for row in moved], using)
    return len(moved)


def wake_for(run_ids: Sequence[uuid.UUID], using: str) -> None:
    """Tell idle workers of these runs."""
    for some in batches(run_ids):
        queues = TaskRun.objects.using(using).filter(pk__in=some).values_list("queue", flat=True)
        wake(set(queues.distinct()), using)


def wake(queues: Iterable[str], using: str) -> None:
    """Tell idle workers, after commit, that these queues have work: here by a signal, elsewhere as the vendor can."""
    names = frozenset(queues)
    dialect = for_alias(using)
    for name in sorted(names):
        dialect.wake(CHANNEL, name)
    wake_here(names, using)


def wake_here(queues: frozenset[str], using: str) -> None:
    """Tell the workers of this process, after commit."""
    if queues and signals.work_ready.has_listeners(TaskRun):
        transaction.on_commit(partial(signals.work_ready.send_robust, TaskRun, queues=queues, using=using), using=using)

"""What the end, or the new life, of a run means for the runs that wait for it; in the transaction that made it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, SmallIntegerField, Value, When

from django_tasks_fsm import signals
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import EVENTS, Condition, OnFailure, Standing, standing
from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import CHANNEL
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.prerequisite import RunPrerequisite
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.transitions import Change, apply, batches

CHUNK = 2000
"""Edges that are read at once."""
KNOWN = frozenset(RunState)

COLUMNS = ("pk", "run_id", "prerequisite_id", "condition", "on_failure")

_OUT_OF_LINE = Case(
    When(line=Place.IN_LINE.value, then=Value(Place.OUTSIDE.value)), default=F("line"), output_field=SmallIntegerField()
)
"""Who waits for a prerequisite must not stand before those that wait for a slot only."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge as it was read."""

    pk: int
    run_id: uuid.UUID
    prerequisite_id: uuid.UUID
    condition: str
    on_failure: str

    def stands_at(self, state: RunState) -> Standing:
        """Return how the edge stands when its prerequisite is in ``state``."""
        return standing(Condition(self.condition), state, OnFailure(self.on_failure))


def settle(ended: Mapping[uuid.UUID, RunState], using: str) -> list[Edge]:
    """Count the met prerequisites of the runs that waited for ``ended`` and queue those that wait for nothing more.

    An edge is counted once (``met``), so repeating a settle changes nothing. Dependents are locked in id order. Return
    the edges whose policy ends the dependent, for ``follow`` to do.
    """
    broken: list[Edge] = []
    for some in batches(list(ended)):
        edges = RunPrerequisite.objects.using(using).filter(prerequisite_id__in=some, met=False)
        for chunk in _chunks(edges):
            stands = {edge: edge.stands_at(ended[edge.prerequisite_id]) for edge in chunk}
            queue_ready(_count([edge for edge in chunk if stands[edge] is Standing.MET], True, using), using)
            broken += [edge for edge in chunk if stands[edge] is Standing.BROKEN and edge.on_failure in EVENTS]
    return broken


def add_to_wait(numbers: Mapping[uuid.UUID, int], using: str) -> None:
    """Let each run wait for so many prerequisites more; one that is queued is held."""
    _change(numbers, False, using)
    apply(TaskRun, Change("hold", Actor.system()), numbers, using)


def forget_awaited(deleted: Collection[uuid.UUID], using: str) -> None:
    """Let nobody wait for runs that are about to be deleted: their edges go with them, and the counts must follow."""
    for some in batches(sorted(deleted)):
        for chunk in _chunks(RunPrerequisite.objects.using(using).filter(prerequisite_id__in=some, met=False)):
            _change(Counter(edge.run_id for edge in chunk), True, using)


def unsettle(revived: Iterable[uuid.UUID], using: str) -> None:
    """Let the dependents of ``revived`` runs that have not ended wait for them again, a running one if it comes back.

    See ``cascade.catch_up``.
    """
    unfinished = [state.value for state in UNFINISHED]
    for some in batches(list(revived)):
        edges = RunPrerequisite.objects.using(using).filter(prerequisite_id__in=some, met=True)
        edges = edges.filter(run__state__in=unfinished)
        for chunk in _chunks(edges):
            apply(TaskRun, Change("hold", Actor.system()), _count(chunk, False, using), using)


def reopen(revived: Iterable[uuid.UUID], using: str) -> None:
    """Let ``revived`` runs wait again for prerequisites that no longer stand as they did when their edges were met."""
    for some in batches(sorted(revived)):
        for chunk in _chunks(RunPrerequisite.objects.using(using).filter(run_id__in=some, met=True)):
            # Locked before the states are read: whoever ends one of them later must find its edge unmet.
            states = lock_in_order({edge.prerequisite_id for edge in chunk}, using)
            open_again = [edge for edge in chunk if not _is_met(edge, states.get(edge.prerequisite_id))]
            _count(open_again, False, using)


def _is_met(edge: Edge, state: RunState | None) -> bool:
    return state is not None and edge.stands_at(state) is Standing.MET


def _chunks(edges: QuerySet[RunPrerequisite]) -> Iterator[list[Edge]]:
    # In the order in which the dependents are locked; however many there are, a few thousand are in memory.
    beyond = Q()
    while True:
        rows = edges.filter(beyond).order_by("run_id", "pk")[:CHUNK]
        chunk = [Edge(*row) for row in rows.values_list(*COLUMNS)]
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        last = chunk[-1]
        beyond = Q(run_id__gt=last.run_id) | Q(run_id=last.run_id, pk__gt=last.pk)


def _count(edges: Sequence[Edge], met: bool, using: str) -> Collection[uuid.UUID]:
    for pks in batches([edge.pk for edge in edges]):
        RunPrerequisite.objects.using(using).filter(pk__in=pks).update(met=met)
    numbers = Counter(edge.run_id for edge in edges)
    _change(numbers, met, using)
    return numbers


def _change(numbers: Mapping[uuid.UUID, int], met: bool, using: str) -> None:
    if len(numbers) > 1:
        lock_in_order(numbers, using)
    for number in sorted(set(numbers.values())):
        less = Case(When(waiting_on__gt=number, then=F("waiting_on") - number), default=0)
        # Never below zero: the count of a dependent, wrong by somebody's hand, must not keep a run from ending.
        values = {"waiting_on": less} if met else {"waiting_on": F("waiting_on") + number, "line": _OUT_OF_LINE}
        for some in batches([run_id for run_id in sorted(numbers) if numbers[run_id] == number]):
            TaskRun.objects.using(using).filter(pk__in=some).update(**values)


def lock_in_order(run_ids: Iterable[uuid.UUID], using: str) -> dict[uuid.UUID, RunState]:
    """Lock runs in the order of their ids, as every writer does, and return their states.

    An UPDATE of several would take them as they come. A state that nobody knows, written past the constraints, is left
    out: it must not keep others from ending.
    """
    states: dict[uuid.UUID, RunState] = {}
    for some in batches(sorted(run_ids)):
        rows = TaskRun.objects.using(using).filter(pk__in=some).order_by("pk").select_for_update()
        states |= {pk: RunState(state) for pk, state in rows.values_list("pk", "state") if state in KNOWN}
    return states


def queue_ready(run_ids: Iterable[uuid.UUID], using: str) -> int:
    """Move those of the runs that are due and wait for nothing from PENDING to QUEUED; return how many.

    What has limits stands in line first: the next worker that looks at what is due puts it there.
    """
    ready: dict[uuid.UUID, str] = {}
    limited: set[str] = set()
    for some in batches(sorted(set(run_ids))):
        due = TaskRun.objects.using(using).filter(
            pk__in=some, state=RunState.PENDING.value, waiting_on=0, run_at__lte=DatabaseNow()
        )
        rows = list(due.values_list("pk", "queue", "limited"))
        ready |= {pk: queue for pk, queue, is_limited in rows if not is_limited}
        limited |= {queue for _, queue, is_limited in rows if is_limited}
    moved = apply(TaskRun, Change("queue", Actor.system()), ready, using)
    wake({ready[row.pk] for row in moved} | limited, using)
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

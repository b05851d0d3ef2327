"""What the end of runs does to those that wait for them, and what that does to those behind them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from itertools import groupby

from django_tasks_fsm.core.prerequisites import EVENTS
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.prerequisite import RunPrerequisite
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.settling import Edge, lock_in_order, settle
from django_tasks_fsm.models.transitions import Change, Moved, apply, batches

WAITING = (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)
BROKEN = "django_tasks_fsm.exceptions.PrerequisiteBroken"


def follow(ended: Mapping[uuid.UUID, RunState], using: str) -> tuple[Moved, ...]:
    """Settle the dependents of ``ended``, end those that the policy of an edge ends, and so on; return the ended ones.

    Needs an open transaction. Not recursive: a chain of 10,000 ends in as many rounds.
    """
    moved: list[Moved] = []
    while ended:
        broken = settle(ended, using)
        some = [row for cause in _by_cause(broken) for row in _end(cause, ended, using)]
        ended = {row.pk: RunState(row.to_state) for row in some}
        moved += some
    return tuple(moved)


def catch_up(back: Sequence[uuid.UUID], using: str) -> tuple[Moved, ...]:
    """Hold runs that a worker gave back, and for which a prerequisite began anew while they ran.

    Where that has broken meanwhile its policy ends them: return the ended ones.
    """
    held = _held(back, using)
    if not held:
        return ()
    apply(TaskRun, Change("hold", Actor.system()), held, using)
    causes: set[uuid.UUID] = set()
    for some in batches(held):
        edges = RunPrerequisite.objects.using(using).filter(run_id__in=some, met=False, on_failure__in=list(EVENTS))
        causes.update(edges.values_list("prerequisite_id", flat=True))
    states = lock_in_order(causes, using)
    return follow({run_id: state for run_id, state in states.items() if state in FINAL}, using)


def _held(run_ids: Sequence[uuid.UUID], using: str) -> list[uuid.UUID]:
    held: list[uuid.UUID] = []
    for some in batches(run_ids):
        rows = TaskRun.objects.using(using).filter(pk__in=some, waiting_on__gt=0)
        held += rows.values_list("pk", flat=True)
    return held


def _by_cause(broken: Sequence[Edge]) -> list[list[Edge]]:
    ordered = sorted(broken, key=_cause)
    return [list(some) for _, some in groupby(ordered, key=_cause)]


def _cause(edge: Edge) -> tuple[str, uuid.UUID]:
    return edge.on_failure, edge.prerequisite_id


def _end(edges: Sequence[Edge], ended: Mapping[uuid.UUID, RunState], using: str) -> tuple[Moved, ...]:
    cause = edges[0]
    reason = f"its prerequisite {cause.prerequisite_id} ended as {ended[cause.prerequisite_id]}"
    event = EVENTS[cause.on_failure]
    values = {"error": f"{BROKEN}: {reason}"} if event == "error" else None
    change = Change(event, Actor.system(), reason, values=values, only_from=WAITING)
    return apply(TaskRun, change, [edge.run_id for edge in edges], using)

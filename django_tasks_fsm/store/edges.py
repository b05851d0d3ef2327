"""Let runs that exist wait for one another, without ever closing a cycle."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import AlreadyStarted, CycleFound, PrerequisiteDiffers, UnknownPrerequisite
from django_tasks_fsm.failpoints import failpoint
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.cascade import follow
from django_tasks_fsm.models.settling import add_to_wait
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import batches
from django_tasks_fsm.store.ancestry import edges_above
from django_tasks_fsm.store.definitions import policies_of
from django_tasks_fsm.store.locks import RUN_EDGES, hold

BATCH = 500
UNSTARTED = (RunState.PREPARE, RunState.PENDING, RunState.QUEUED)


@dataclass(frozen=True, slots=True)
class RunEdge:
    """``run`` shall wait for ``prerequisite``; where no policy is given, that of the run's task holds."""

    run: uuid.UUID
    prerequisite: uuid.UUID
    condition: Condition = Condition.DONE
    on_failure: OnFailure | None = None


@dataclass(frozen=True, slots=True)
class _End:
    state: RunState
    policy: OnFailure


def require(edges: Sequence[RunEdge], using: str) -> None:
    """Add edges between runs, all or none; one that stands already is left as it is.

    Raise CycleFound, UnknownPrerequisite, AlreadyStarted for a run that cannot wait any more, and PrerequisiteDiffers
    where the edge stands with another condition or policy. Whoever adds edges does so alone, for the length of the
    transaction: of two people who add the two halves of a cycle at the same moment, the second is refused.
    """
    in_transaction(lambda: _require(edges, using), using)


def _require(edges: Sequence[RunEdge], using: str) -> None:
    hold(RUN_EDGES, using)
    ends = _locked({end for edge in edges for end in (edge.run, edge.prerequisite)}, using)
    for edge in edges:
        _check(edge, ends)
    fresh = _fresh({(edge.run, edge.prerequisite): _row(edge, ends) for edge in edges}, using)
    _refuse_cycles(fresh, using)
    failpoint("edge.checked")
    RunPrerequisite.objects.using(using).bulk_create(fresh, batch_size=BATCH)
    add_to_wait(Counter(row.run_id for row in fresh if not row.met), using)
    follow({row.prerequisite_id: ends[row.prerequisite_id].state for row in fresh if _is_broken(row, ends)}, using)


def _locked(run_ids: set[uuid.UUID], using: str) -> dict[uuid.UUID, _End]:
    found: list[tuple[uuid.UUID, str, int]] = []
    for some in batches(sorted(run_ids)):
        rows = TaskRun.objects.using(using).filter(pk__in=some).order_by("pk").select_for_update()
        found += rows.values_list("pk", "state", "task_id")
    policies = policies_of({task_id for _, _, task_id in found}, using)
    return {pk: _End(RunState(state), policies[task_id]) for pk, state, task_id in found}


def _check(edge: RunEdge, ends: Mapping[uuid.UUID, _End]) -> None:
    for end in (edge.run, edge.prerequisite):
        if end not in ends:
            raise UnknownPrerequisite(end)
    if edge.run == edge.prerequisite:
        raise CycleFound([edge.run])
    if ends[edge.run].state not in UNSTARTED:
        raise AlreadyStarted(edge.run, ends[edge.run].state)


def _row(edge: RunEdge, ends: Mapping[uuid.UUID, _End]) -> RunPrerequisite:
    row = RunPrerequisite(
        run_id=edge.run,
        prerequisite_id=edge.prerequisite,
        condition=edge.condition.value,
        on_failure=(edge.on_failure or ends[edge.run].policy).value,
    )
    row.met = row.stands_at(ends[edge.prerequisite].state) is Standing.MET
    return row


def _fresh(rows: Mapping[tuple[uuid.UUID, uuid.UUID], RunPrerequisite], using: str) -> list[RunPrerequisite]:
    old: set[tuple[uuid.UUID, uuid.UUID]] = set()
    for some in batches(sorted({run_id for run_id, _ in rows})):
        for stands in RunPrerequisite.objects.using(using).filter(run_id__in=some):
            key = (stands.run_id, stands.prerequisite_id)
            if key in rows:
                _refuse_other(rows[key], stands)
                old.add(key)
    return [row for key, row in rows.items() if key not in old]


def _refuse_other(wanted: RunPrerequisite, stands: RunPrerequisite) -> None:
    if (wanted.condition, wanted.on_failure) != (stands.condition, stands.on_failure):
        ends = f"Run {stands.run_id}", f"run {stands.prerequisite_id}"
        raise PrerequisiteDiffers(*ends, stands.terms, wanted.terms)


def _refuse_cycles(rows: Sequence[RunPrerequisite], using: str) -> None:
    waiting, awaited = {row.run_id for row in rows}, {row.prerequisite_id for row in rows}
    if not waiting & awaited and not _is_required(waiting, using):
        return  # nothing waits for any of them, so no way leads back to one
    edges = [(row.prerequisite_id, row.run_id) for row in rows]
    for run_id, above in edges_above(awaited, using).items():
        edges += [(one, run_id) for one in above]
    if cycle := cycle_in(edges):
        raise CycleFound(cycle)


def _is_required(run_ids: Iterable[uuid.UUID], using: str) -> bool:
    edges = RunPrerequisite.objects.using(using)
    return any(edges.filter(prerequisite_id__in=some).exists() for some in batches(sorted(run_ids)))


def _is_broken(row: RunPrerequisite, ends: Mapping[uuid.UUID, _End]) -> bool:
    return row.stands_at(ends[row.prerequisite_id].state) is Standing.BROKEN

"""Make runs on behalf of a running one: once, however often that one is tried."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connections, transaction

from django_tasks_fsm.core.prerequisites import Awaited
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import batches
from django_tasks_fsm.store.edges import UNSTARTED, RunEdge, require
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.locks import RUN_EDGES, hold
from django_tasks_fsm.store.notes import own_graph
from django_tasks_fsm.store.start import enqueue_with_company

Children = dict[str, TaskRun]


@dataclass(frozen=True, slots=True)
class Parent:
    """A running run, by the fence of its present worker; ``may_have`` tells whether there may be children already."""

    run: uuid.UUID
    fence: int
    may_have: bool


def spawn(parent: Parent, requests: Sequence[Request], before: Sequence[Awaited], using: str) -> list[TaskRun]:
    """Make the runs of ``requests`` in the parent's graph, required by the runs in ``before``, and return them.

    A request is known by its mark, or by its key where it has one; if the parent has such a child already, that is
    returned instead, and only the edges are added that are missing to runs which have not started. Everything happens
    in one transaction that begins as a write of the parent does: raise OwnershipLost and make nothing when it is no
    longer the worker's. Raise AlreadyStarted for a run in ``before`` that cannot wait any more.
    """
    is_repeat = False

    def work() -> list[TaskRun]:
        nonlocal is_repeat
        # After a COMMIT whose answer was lost, the children of this very call may be there.
        asks, is_repeat = replace(parent, may_have=parent.may_have or is_repeat), True
        return _spawn(asks, requests, before, using)

    if connections[using].in_atomic_block:
        with transaction.atomic(using=using):  # so that a caller who catches an error does not keep half of it
            return work()
    return in_transaction(work, using)


def _spawn(parent: Parent, requests: Sequence[Request], before: Sequence[Awaited], using: str) -> list[TaskRun]:
    if before or (parent.may_have and any(request.prerequisites for request in requests)):
        hold(RUN_EDGES, using)  # before the parent's row is locked, in the order of everybody who adds edges
    graph = own_graph(parent.run, parent.fence, using)
    wanted = {_mark(one): replace(one, graph=one.graph or graph) for one in reversed(requests)}
    known = _known(wanted, using) if parent.may_have else {}
    fresh = [request for mark, request in reversed(wanted.items()) if mark not in known]
    made = enqueue_with_company(fresh, using, shared=True) if fresh else []
    edges = [_edge(one, run.pk) for run in made for one in before] + _missing(known, wanted, before, using)
    if edges:
        require(edges, using)
    children = {**known, **dict(zip(map(_mark, fresh), made, strict=True))}
    return [children[_mark(request)] for request in requests]


def _mark(request: Request) -> str:
    return request.key or request.mark or str(request.id)


def _known(wanted: Mapping[str, Request], using: str) -> Children:
    graphs = {request.graph for request in wanted.values()}
    found: Children = {}
    for some in batches(sorted(wanted)):
        rows = TaskRun.objects.using(using).filter(graph__in=graphs, given_key__in=some).order_by("pk")
        found |= {str(run.given_key): run for run in rows.select_for_update()}
    return found


def _edge(waiting: Awaited, child: uuid.UUID) -> RunEdge:
    return RunEdge(waiting.run, child, waiting.condition, waiting.on_failure)


def _missing(known: Children, wanted: Mapping[str, Request], before: Iterable[Awaited], using: str) -> list[RunEdge]:
    """Return the edges that children of a former attempt do not have, of runs that may still be made to wait."""
    edges = [_edge(one, child.pk) for child in known.values() for one in before]
    for mark, child in known.items():
        edges += [RunEdge(child.pk, *awaited) for awaited in wanted[mark].prerequisites]
    if not edges:
        return []
    stand: set[tuple[uuid.UUID, uuid.UUID]] = set()
    unstarted: set[uuid.UUID] = set()
    for some in batches(sorted({edge.run for edge in edges})):
        rows = TaskRun.objects.using(using).filter(pk__in=some, state__in=UNSTARTED)
        unstarted.update(rows.order_by("pk").select_for_update().values_list("pk", flat=True))
        pairs = RunPrerequisite.objects.using(using).filter(run_id__in=some)
        stand.update(pairs.values_list("run_id", "prerequisite_id"))
    return [edge for edge in edges if edge.run in unstarted and (edge.run, edge.prerequisite) not in stand]

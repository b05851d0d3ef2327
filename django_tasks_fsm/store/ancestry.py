"""What stands above or below a run in its graph: a chain of 10,000 costs as few queries as it has graphs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.transitions import batches

Edges = dict[uuid.UUID, list[uuid.UUID]]


@dataclass(frozen=True, slots=True)
class _Way:
    """A direction: from which end of an edge to which."""

    here: str
    there: str


UP, DOWN = _Way("run", "prerequisite"), _Way("prerequisite", "run")


def edges_above(run_ids: Iterable[uuid.UUID], using: str) -> Edges:
    """Return the prerequisites of these runs, of their prerequisites, and so on, by run.

    Runs of one graph are read at once, whole; runs without a graph layer by layer.
    """
    return _edges(run_ids, UP, using)


def edges_below(run_ids: Iterable[uuid.UUID], using: str) -> Edges:
    """Return the runs that wait, or waited, for these, for those in turn, and so on, by prerequisite."""
    return _edges(run_ids, DOWN, using)


def _edges(run_ids: Iterable[uuid.UUID], way: _Way, using: str) -> Edges:
    found: Edges = {}
    graphs: set[uuid.UUID] = set()
    layer = set(run_ids)
    while layer:
        fresh = _graphs(layer, using) - graphs
        graphs |= fresh
        edges = {**_edges_of(layer, way, using), **_edges_within(fresh, way, using)}
        found |= {run_id: [] for run_id in layer - edges.keys()} | edges
        layer = _unknown(found)
    return found


def _unknown(found: Mapping[uuid.UUID, Iterable[uuid.UUID]]) -> set[uuid.UUID]:
    return {there for some in found.values() for there in some} - found.keys()


def _graphs(run_ids: Iterable[uuid.UUID], using: str) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    for some in batches(sorted(run_ids)):
        rows = TaskRun.objects.using(using).filter(pk__in=some, graph__isnull=False)
        found |= {graph for graph in rows.values_list("graph", flat=True).distinct() if graph is not None}
    return found


def _edges_of(run_ids: Iterable[uuid.UUID], way: _Way, using: str) -> Edges:
    edges: Edges = {}
    for some in batches(sorted(run_ids)):
        _collect(RunPrerequisite.objects.using(using).filter(**{f"{way.here}_id__in": some}), way, edges)
    return edges


def _edges_within(graphs: Iterable[uuid.UUID], way: _Way, using: str) -> Edges:
    edges: Edges = {}
    for some in batches(sorted(graphs)):
        _collect(RunPrerequisite.objects.using(using).filter(**{f"{way.here}__graph__in": some}), way, edges)
    return edges


def _collect(rows: QuerySet[RunPrerequisite], way: _Way, edges: Edges) -> None:
    for here, there in rows.values_list(f"{way.here}_id", f"{way.there}_id"):
        edges.setdefault(here, []).append(there)

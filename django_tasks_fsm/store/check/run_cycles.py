"""Find runs that wait for themselves by way of others, among as many edges as there are.

Where all edges lead from older runs to younger ones, or all the other way, there is none. Else most edges still stay in
the database: what does not wait for anything, and what nothing waits for, is in no cycle. Of each of the others some
150 bytes are held. Ids are cut to 64 bits, and edges are read in pieces between which one may
have been deleted: so a cycle counts only where its edges are found again, whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef

from django_tasks_fsm.core.graph import cycle_in
from django_tasks_fsm.models import RunPrerequisite
from django_tasks_fsm.models.transitions import batches
from django_tasks_fsm.store.check.invariant import Culprit, Look

PIECE = 20_000
"""Edges that are read at once."""
MOST_CYCLES = 20
"""Cycles that are looked for; each may have thousands of runs."""
SHOWN = 10
"""Runs of a cycle that are named."""
MASK = (1 << 64) - 1

Edge = tuple[int, int]
"""From a prerequisite to what waits for it."""


def in_cycles(look: Look, among: Collection[Any] | None = None) -> Sequence[Culprit]:
    """Return one culprit for each of the first cycles: the oldest of its runs; see invariant.Find."""
    if not _lead_both_ways(look):
        return []
    edges = _peeled(list(_read(look)))
    found: list[Culprit] = []
    for _ in range(MOST_CYCLES):
        cycle = set(cycle_in(edges))
        if not cycle:
            break
        if culprit := _confirmed(cycle, look):
            found.append(culprit)
        edges = [edge for edge in edges if not cycle.issuperset(edge)]
    return [culprit for culprit in found if among is None or culprit.id in among]


def _lead_both_ways(look: Look) -> bool:
    every = RunPrerequisite.objects.using(look.using)
    older, younger = every.filter(prerequisite_id__lt=F("run_id")), every.filter(prerequisite_id__gte=F("run_id"))
    return younger.exists() and older.exists()


def _read(look: Look) -> Iterator[Edge]:
    """Give the edges whose prerequisite waits itself, and whose run something waits for."""
    last = 0
    while True:
        rows = list(_inner(look).filter(pk__gt=last)[:PIECE])
        for _, prerequisite, run in rows:
            yield prerequisite.int & MASK, run.int & MASK
        if len(rows) < PIECE:
            return
        last = rows[-1][0]


def _inner(look: Look) -> Any:
    every = RunPrerequisite.objects.using(look.using)
    waits = Exists(every.filter(run_id=OuterRef("prerequisite_id")))
    is_awaited = Exists(every.filter(prerequisite_id=OuterRef("run_id")))
    return every.filter(waits, is_awaited).order_by("pk").values_list("pk", "prerequisite_id", "run_id")


def _peeled(edges: list[Edge]) -> list[Edge]:
    """Take away what is in no cycle, layer by layer, as long as that takes away much at once."""
    while edges:
        waiting = {run for _, run in edges}
        left = [edge for edge in edges if edge[0] in waiting]
        if len(edges) - len(left) <= len(edges) // 8:
            return left
        edges = left
    return edges


def _confirmed(cycle: Collection[int], look: Look) -> Culprit | None:
    """Read the edges within a cycle anew, whole this time."""
    edges: list[tuple[uuid.UUID, uuid.UUID]] = []
    for ids in batches(sorted(_whole(cycle, look))):
        rows = RunPrerequisite.objects.using(look.using).filter(run_id__in=ids)
        edges += rows.values_list("prerequisite_id", "run_id")
    members = cycle_in(edges)
    if not members:
        return None
    first = members.index(min(members))
    shown = [str(run) for run in (*members[first:], *members[:first])[:SHOWN]]
    return Culprit("run", members[first], {"runs": len(members), "cycle": shown})


def _whole(cycle: Collection[int], look: Look) -> set[uuid.UUID]:
    """Return the ids whose ends these are; a second walk over the edges, for the rare case that there is a cycle."""
    found: set[uuid.UUID] = set()
    last = 0
    while True:
        rows = list(_inner(look).filter(pk__gt=last)[:PIECE])
        found |= {run for _, _, run in rows if run.int & MASK in cycle}
        if len(rows) < PIECE:
            return found
        last = rows[-1][0]

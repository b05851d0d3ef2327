"""The runs around one run, as a graph to draw."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from django_tasks_fsm.admin.badges import shown_state
from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import short_name, tail
from django_tasks_fsm.admin.times import relative
from django_tasks_fsm.core.prerequisites import Condition, Standing, standing
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import MAX_NODES, Edge, Graph, Node
from django_tasks_fsm.models import RunPrerequisite, TaskRun

MAX_EDGES = 2_000
_COLUMNS = ("state", "queue", "waiting_on", "attempt", "progress", "run_at", "graph", "task__name")


@dataclass(frozen=True, slots=True)
class Link:
    """One edge: ``prerequisite`` -> ``run``."""

    prerequisite: uuid.UUID
    run: uuid.UUID
    condition: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Runs and links around one run; ``is_whole`` unless some lie beyond what was loaded."""

    runs: tuple[TaskRun, ...]
    links: tuple[Link, ...]
    is_whole: bool


def surroundings(run: TaskRun, rings: int = 3) -> Surroundings:
    """Load the run graph where it is small enough for one picture, else the runs within ``rings`` steps."""
    whole = _whole(run) if run.graph is not None else None
    return whole or _walked(run, rings)


def _whole(run: TaskRun) -> Surroundings | None:
    runs = list(_shown(TaskRun.objects.filter(graph=run.graph))[: MAX_NODES + 1])
    links = _links(RunPrerequisite.objects.filter(run__graph=run.graph))
    outside = {end for link in links for end in (link.prerequisite, link.run)} - {other.pk for other in runs}
    if len(links) > MAX_EDGES or len(runs) + len(outside) > MAX_NODES:
        return None
    more = list(_shown(TaskRun.objects.filter(pk__in=outside))) if outside else []
    return Surroundings((*runs, *more), tuple(links), is_whole=True)


def _walked(run: TaskRun, rings: int) -> Surroundings:
    seen: set[uuid.UUID] = {run.pk}
    ring: set[uuid.UUID] = {run.pk}
    links: dict[Link, None] = {}
    for _ in range(rings):
        found = _links(RunPrerequisite.objects.filter(Q(run__in=ring) | Q(prerequisite__in=ring)))
        links |= dict.fromkeys(found)
        ring = {end for link in found for end in (link.prerequisite, link.run)} - seen
        room = MAX_NODES - len(seen)
        seen |= set(sorted(ring)[:room])
        if not ring or len(ring) > room or len(found) > MAX_EDGES:
            break
    runs = _shown(TaskRun.objects.filter(pk__in=seen)) if len(seen) > 1 else [run]
    inside = tuple(link for link in links if link.prerequisite in seen and link.run in seen)
    return Surroundings(tuple(runs), inside, is_whole=not ring)


def _shown(runs: QuerySet[TaskRun]) -> QuerySet[TaskRun]:
    return runs.select_related("task").only(*_COLUMNS).order_by("pk")


def _links(edges: QuerySet[RunPrerequisite]) -> list[Link]:
    rows = edges.order_by("pk").values_list("prerequisite_id", "run_id", "condition")
    return [Link(*row) for row in rows[: MAX_EDGES + 1]]


def graph_of(around: Surroundings, links: Links, title: str) -> Graph:
    """Return the records for the drawing."""
    states = {run.pk: run.state for run in around.runs}
    inside = [link for link in around.links if link.prerequisite in states and link.run in states]
    return Graph(
        tuple(_node(run, links) for run in around.runs),
        tuple(_edge(link, _standing(link, states[link.prerequisite])) for link in inside),
        title,
    )


def _node(run: TaskRun, links: Links) -> Node:
    is_running = run.state == RunState.RUNNING
    return Node(
        key=str(run.pk),
        label=short_name(run.task.name),
        state=shown_state(run),
        href=links.page("taskrun", run.pk),
        note=relative(run.run_at) if run.state == RunState.PENDING and not run.waiting_on else tail(run.pk),
        progress=run.progress if is_running else None,
    )


def _edge(link: Link, how: Standing) -> Edge:
    return Edge(str(link.prerequisite), str(link.run), link.condition, how.value)


def unmet(run: TaskRun, around: Surroundings) -> Sequence[tuple[TaskRun, Standing]]:
    """Return the prerequisites that ``run`` waits for, each with its standing."""
    by_id = {other.pk: other for other in around.runs}
    mine = [link for link in around.links if link.run == run.pk and link.prerequisite in by_id]
    found = [(by_id[link.prerequisite], _standing(link, by_id[link.prerequisite].state)) for link in mine]
    return [(other, how) for other, how in found if how is not Standing.MET]


def _standing(link: Link, state: str) -> Standing:
    return standing(Condition(link.condition), RunState(state))

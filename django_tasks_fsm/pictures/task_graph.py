"""The tasks around one task, as a graph to draw."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext

from django_tasks_fsm.drawing import MAX_NODES, Edge, Graph, Node, word
from django_tasks_fsm.models import Task, TaskPrerequisite, TaskRun
from django_tasks_fsm.pictures.around import (
    ALL,
    FAR,
    MOST,
    SMALL,
    STEPS,
    Around,
    Ends,
    Link,
    Neighbours,
    Side,
    among,
    walk,
)
from django_tasks_fsm.pictures.run_graph import Page, no_page, rest_of
from django_tasks_fsm.pictures.words import short_name

MAX_LINKS = 2_000
FEW = 500
"""Up to so many edges, which people write one by one, all are read at once."""

_EDGE = ("prerequisite_id", "task_id", "condition", "on_failure", "task__on_prerequisite_failure")


@dataclass(frozen=True, slots=True)
class Tasks:
    """What to show of the tasks around one; ``last`` has the state of the last run of each that has one."""

    tasks: tuple[Task, ...]
    links: tuple[Link, ...] = ()
    steps: str = ALL
    left_out: int = 0
    is_whole: bool = True
    rest: Mapping[Side, int] = field(default_factory=dict)
    last: Mapping[int, str] = field(default_factory=dict)


def tasks_around(task: Task, steps: str | None = None) -> Tasks:
    """Return the tasks within ``steps`` links of one, or as many as fit; None chooses by the size of the graph."""
    chosen = steps if steps in STEPS else None
    few = list(TaskPrerequisite.objects.order_by("pk").values_list("prerequisite_id", "task_id")[: FEW + 1])
    neighbours: Neighbours = among(few) if len(few) <= FEW else _neighbours
    if chosen in (ALL, None):
        far = FEW if len(few) <= FEW else FAR
        around = walk(task.pk, far, MAX_NODES if chosen else SMALL, neighbours)
        if chosen or around.is_whole:
            return _read(task, around, ALL)
    around = walk(task.pk, int(chosen or 2), MOST, neighbours)
    return _read(task, _looked_beyond(around, neighbours) if len(few) <= FEW else around, chosen or "2")


def _looked_beyond(around: Around, neighbours: Neighbours) -> Around:
    beyond = any(end not in around.keys for ends in neighbours(around.frontier) for end in ends)
    return around if beyond or around.rest else Around(around.keys)


def _neighbours(keys: Collection[int]) -> Sequence[Ends]:
    edges = TaskPrerequisite.objects.filter(Q(task__in=keys) | Q(prerequisite__in=keys)).order_by("pk")
    return list(edges.values_list("prerequisite_id", "task_id")[:MAX_LINKS])


def _read(task: Task, around: Around, steps: str) -> Tasks:
    if len(around.keys) == 1:
        return Tasks((task,), steps=steps)
    edges = TaskPrerequisite.objects.filter(task__in=around.keys, prerequisite__in=around.keys).order_by("pk")
    rows_of_edges = edges.values_list(*_EDGE)[:MAX_LINKS]
    links = [Link(before, after, condition, own or usual) for before, after, condition, own, usual in rows_of_edges]
    newest = TaskRun.objects.filter(task=OuterRef("pk")).order_by("-id").values("state")[:1]
    tasks = Task.objects.filter(pk__in=around.keys).only("name", "state").annotate(last=Subquery(newest))
    rows = tuple(tasks.order_by("pk"))
    last = {row.pk: row.last for row in rows if row.last}
    return Tasks(rows, tuple(links), steps, sum(around.rest.values()), around.is_whole, around.rest, last)


def graph_of(shown: Tasks, current: int | None, page: Page = no_page, rest_href: str = "") -> Graph:
    """Return the records for the drawing: an edge between tasks has no standing yet, and is drawn whole."""
    nodes = [_node(task, shown.last.get(task.pk, ""), current, page) for task in shown.tasks]
    more = list(rest_of(shown.rest, rest_href))
    edges = [*_edges(shown.links), *(edge for _, edge in more)]
    return Graph((*nodes, *(node for node, _ in more)), tuple(edges), gettext("Task graph"))


def _edges(links: Iterable[Link]) -> list[Edge]:
    return [Edge(str(link.source), str(link.target), link.condition, "met", link.on_failure) for link in links]


def _node(task: Task, last: str, current: int | None, page: Page) -> Node:
    note = word(last).lower() if last else ""
    return Node(
        str(task.pk), short_name(task.name), task.state, page("task", task.pk), note, current=task.pk == current
    )

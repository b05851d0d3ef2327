"""The tasks around one task, as a graph to draw."""

from __future__ import annotations

from django_tasks_fsm.admin.links import Links
from django_tasks_fsm.admin.names import short_name
from django_tasks_fsm.admin.recent import recent_states
from django_tasks_fsm.core.graph import closure, successors
from django_tasks_fsm.drawing import MAX_NODES, Edge, Graph, Node, word
from django_tasks_fsm.models import Task, TaskPrerequisite

MAX_EDGES = 5_000
"""Edges are few, because people write them; what lies beyond is left out of the picture."""


def graph_around(task: Task, links: Links, title: str) -> tuple[Graph, bool]:
    """Return the tasks that are connected with ``task`` as records for the drawing, and whether these are all."""
    rows = list(TaskPrerequisite.objects.values_list("prerequisite_id", "task_id", "condition")[:MAX_EDGES])
    both_ways = successors([(a, b) for a, b, _ in rows] + [(b, a) for a, b, _ in rows])
    near = closure([task.pk], both_ways)
    if len(near) == 1:
        return Graph((), (), title), True
    wanted = [task.pk, *sorted(near - {task.pk})][:MAX_NODES]
    tasks = Task.objects.filter(pk__in=wanted).only("name", "state").order_by("pk")
    last = {pk: states[-1] for pk, states in recent_states(wanted, 1).items() if states}
    nodes = tuple(_node(other, last.get(other.pk, ""), links) for other in tasks)
    edges = tuple(Edge(str(a), str(b), condition, "met") for a, b, condition in rows if a in near)
    return Graph(nodes, edges, title), len(near) <= MAX_NODES


def _node(task: Task, last: str, links: Links) -> Node:
    note = word(last).lower() if last else ""
    return Node(str(task.pk), short_name(task.name), task.state, links.page("task", task.pk), note)

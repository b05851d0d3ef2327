"""From a template of tasks to the requests for one graph of runs."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.models import Task
from django_tasks_fsm.store.definitions import with_edges
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.keyed import keeps
from django_tasks_fsm.store.template import Template, template_of


def with_prerequisites(requests: Sequence[Request], using: str, *, shared: bool = False) -> list[Request]:
    """Return ``requests`` and those for the runs that their tasks' templates let them wait for.

    A request that says itself what it waits for is left alone, and so is one whose key keeps a run that there is.
    ``shared`` means one run of each prerequisite for all of them, instead of one for each.
    """
    found: list[Request] = []
    open_ones = {request.task_id for request in requests if not request.prerequisites}
    tasks = Task.objects.using(using).in_bulk(open_ones & with_edges(using))
    templates = {pk: template_of(task, using, upstream=True, dependents=False) for pk, task in tasks.items()}
    for request in requests:
        is_open = not request.prerequisites and request.task_id in tasks and not keeps(request, using)
        found += _made_after(request, tasks[request.task_id], templates[request.task_id]) if is_open else [request]
    return _shared(found, {request.id for request in requests}) if shared else found


def _shared(requests: Sequence[Request], asked: Collection[uuid.UUID]) -> list[Request]:
    """Return ``requests`` with, beside those that were asked for, one for each task."""
    first: dict[int, uuid.UUID] = {}
    stand_ins = {one.id: first.setdefault(one.task_id, one.id) for one in requests if one.id not in asked}
    return [_rewired(one, stand_ins) for one in requests if stand_ins.get(one.id, one.id) == one.id]


def _rewired(request: Request, stand_ins: Mapping[uuid.UUID, uuid.UUID]) -> Request:
    before = tuple(each._replace(run=stand_ins.get(each.run, each.run)) for each in request.prerequisites)
    return request if before == request.prerequisites else replace(request, prerequisites=before)


def with_template(root: Request, task: Task, using: str, *, upstream: bool, dependents: bool) -> list[Request]:
    """Return ``root``, a request for a run of ``task``, first, and requests for the runs that belong to it.

    The others have the stored arguments of their tasks and are due when the root is. All are of one graph, unless the
    root is alone.
    """
    return _made_after(root, task, template_of(task, using, upstream=upstream, dependents=dependents))


def _made_after(root: Request, task: Task, template: Template) -> list[Request]:
    if len(template.tasks) == 1:
        return [root]
    ids = {pk: new_run_id() for pk in template.tasks} | {task.pk: root.id}
    graph = root.graph or root.id
    root = replace(root, graph=graph, prerequisites=(*root.prerequisites, *_awaited(task, template, ids)))
    return [root, *(_request(root, one, template, ids) for pk, one in template.tasks.items() if pk != task.pk)]


def _request(root: Request, task: Task, template: Template, ids: dict[int, uuid.UUID]) -> Request:
    before = _awaited(task, template, ids)
    return Request.of(task, id=ids[task.pk], run_at=root.run_at, graph=root.graph, prerequisites=before)


def _awaited(task: Task, template: Template, ids: dict[int, uuid.UUID]) -> tuple[Awaited, ...]:
    return tuple(
        Awaited(ids[edge.prerequisite], edge.condition, edge.on_failure or None)
        for edge in template.edges
        if edge.task == task.pk
    )


def wired(requests: Sequence[Request], edges: Iterable[tuple[int, int, Condition, OnFailure | None]]) -> list[Request]:
    """Return ``requests`` in one graph, the second of each edge waiting for the first; edges name them by number.

    Raise ValueError where the requests name more than one graph.
    """
    before: dict[int, list[Awaited]] = {}
    for one, other, condition, policy in edges:
        before.setdefault(other, []).append(Awaited(requests[one].id, condition, policy))
    graph = _one_graph(requests)
    return [
        replace(one, graph=graph, prerequisites=(*one.prerequisites, *before.get(number, ())))
        for number, one in enumerate(requests)
    ]


def _one_graph(requests: Sequence[Request]) -> uuid.UUID:
    named = {request.graph for request in requests if request.graph}
    if len(named) > 1:
        raise ValueError(f"The steps name {len(named)} graphs by using(graph=...), and their runs are made in one.")
    return named.pop() if named else requests[0].id

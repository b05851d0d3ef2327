"""Make runs, inside the caller's transaction if there is one."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from django_tasks_fsm import registry
from django_tasks_fsm.core.graph import layers
from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.keys import OnKey
from django_tasks_fsm.core.prerequisites import EVENTS, Awaited, Standing
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.clock import StatementNow
from django_tasks_fsm.exceptions import UnknownPrerequisite
from django_tasks_fsm.lifecycle import service_key
from django_tasks_fsm.models import RunPrerequisite, Task, TaskRun
from django_tasks_fsm.models.cascade import follow
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.settling import wake
from django_tasks_fsm.models.transitions import BATCH, announce, batches
from django_tasks_fsm.store.definitions import policies_of, with_limits
from django_tasks_fsm.store.insert import insert_many, insert_one, wakes
from django_tasks_fsm.store.keyed import with_key
from django_tasks_fsm.store.once import once


@dataclass(frozen=True, slots=True)
class Request:
    """A run to make; payloads are checked already. ``run_at`` None means now."""

    task_id: int
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    queue: str = "default"
    priority: int = 0
    run_at: datetime | None = None
    key: str | None = None
    on_key: OnKey = OnKey.RETURN
    asker: uuid.UUID | None = None
    """The run that asks for this one, if a run does: it is not told to stop on behalf of its own wish."""
    concurrency_key: str | None = None
    mark: str | None = None
    """Remembered as a key that was given, without being one: a run that another one spawns is found by it."""
    graph: uuid.UUID | None = None
    label: str = ""
    prepare: bool = False
    scheduled_for: datetime | None = None
    stands_for: int = 1
    prerequisites: tuple[Awaited, ...] = ()
    id: uuid.UUID = field(default_factory=new_run_id)

    @classmethod
    def of(cls, task: Task, **changes: Any) -> Request:
        """Return the request for a run of ``task`` with its stored arguments, queue and priority.

        That of a service bears its key: there is one at a time.
        """
        key = registry.concurrency_key_of(task.function, task.args, task.kwargs)
        stored_ones = {"args": task.args, "kwargs": task.kwargs, "queue": task.queue, "priority": task.priority}
        if registry.lifecycle_of(task.function) is not None:
            changes = {"key": service_key(task.name), **changes}
        return cls(task_id=task.pk, concurrency_key=key, **{**stored_ones, **changes})


def enqueue(request: Request, using: str) -> TaskRun:
    """Make one run and return it; with a ``key`` that an unfinished run bears, do as ``on_key`` says.

    Without key and prerequisites this is a single INSERT, in the caller's transaction or by itself; only for a time
    that this host takes for past the database is asked first.
    """
    if request.prerequisites or request.key is not None:
        return enqueue_many([request], using)[0]
    run = _row(request, StatementNow(), 0, is_due=_is_due(request, using), limited=with_limits(using))
    insert_one(run, using)
    return run


def _is_due(request: Request, using: str) -> bool:
    # A host whose clock is ahead must not queue too early. What it takes for future may always rest in PENDING: the
    # stager goes by the database's clock.
    if request.run_at is None:
        return True
    run_at = stored(request.run_at)
    return run_at <= timezone.now() and run_at <= for_alias(using).now()


def enqueue_many(requests: Sequence[Request], using: str) -> list[TaskRun]:
    """Make many runs, all or none, in the order given; they may be prerequisites of one another.

    Raise CycleFound for a cycle, and UnknownPrerequisite.
    """
    ordered = _prerequisites_first(requests)
    ids = {request.id for request in requests}
    if any(request.key is not None for request in requests):
        return once(lambda: _all_or_none(requests, ordered, using), ids, using)
    return once(lambda: _insert_many(requests, using), ids, using)


def _prerequisites_first(requests: Sequence[Request]) -> list[Request]:
    by_id = {request.id: request for request in requests}
    edges = [(awaited.run, request.id) for request in requests for awaited in request.prerequisites]
    nodes = [*by_id, *(before for before, _ in edges)]
    return [by_id[node] for layer in layers(nodes, edges) for node in layer if node in by_id]


def _all_or_none(requests: Sequence[Request], ordered: Iterable[Request], using: str) -> list[TaskRun]:
    if len(requests) == 1:
        return _one_by_one(requests, ordered, using)
    with transaction.atomic(using=using):  # so that a caller who catches KeyTaken does not keep half of it
        return _one_by_one(requests, ordered, using)


def _one_by_one(requests: Sequence[Request], ordered: Iterable[Request], using: str) -> list[TaskRun]:
    made: dict[uuid.UUID, TaskRun] = {}
    for request in ordered:
        # What waits for a request whose key is borne already waits for the bearer.
        awaited = tuple(
            each._replace(run=made[each.run].pk) if each.run in made else each for each in request.prerequisites
        )
        one = replace(request, prerequisites=awaited)
        made[request.id] = (
            _insert(one, using) if one.key is None else with_key(one, partial(_insert, using=using), using)
        )
    return [made[request.id] for request in requests]


def _insert(request: Request, using: str) -> TaskRun:
    return _insert_many([request], using)[0]


def _insert_many(requests: Sequence[Request], using: str) -> list[TaskRun]:
    states = _locked_states(requests, using)
    now = for_alias(using).now()
    edges = _edges(requests, states, using)
    unmet = Counter(edge.run_id for edge in edges if not edge.met)
    limited = with_limits(using)
    runs = [_row(request, now, unmet[request.id], _has_come(request, now), limited) for request in requests]
    insert_many(runs, using)
    RunPrerequisite.objects.using(using).bulk_create(edges, batch_size=BATCH)
    wake({run.queue for run in runs if wakes(run)}, using)
    _break_off(runs, edges, states, using)
    return runs


def _has_come(request: Request, now: datetime) -> bool:
    return request.run_at is None or stored(request.run_at) <= now


def _locked_states(requests: Sequence[Request], using: str) -> dict[uuid.UUID, RunState]:
    # Locked, in id order, so that a prerequisite cannot end between this look and the insertion of its edge: whoever
    # finishes it then waits for this transaction and finds the edge.
    own = {request.id for request in requests}
    wanted = sorted({awaited.run for request in requests for awaited in request.prerequisites} - own)
    if not wanted:
        return {}
    dialect = for_alias(using)
    dialect.lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    states: dict[uuid.UUID, RunState] = {}
    for some in batches(wanted):
        rows = TaskRun.objects.using(using).filter(pk__in=some).order_by("pk").select_for_update()
        states |= {pk: RunState(state) for pk, state in rows.values_list("pk", "state")}
    for unknown in set(wanted) - states.keys():
        raise UnknownPrerequisite(unknown)
    return states


def _edges(requests: Sequence[Request], states: Mapping[uuid.UUID, RunState], using: str) -> list[RunPrerequisite]:
    pairs = [(request, awaited) for request in requests for awaited in dict.fromkeys(request.prerequisites)]
    policies = policies_of({request.task_id for request, awaited in pairs if awaited.on_failure is None}, using)
    edges = []
    for request, (before, condition, policy) in pairs:
        chosen = policy or policies[request.task_id]
        edge = RunPrerequisite(run_id=request.id, prerequisite_id=before, condition=condition, on_failure=chosen)
        edge.met = before in states and edge.stands_at(states[before]) is Standing.MET
        edges.append(edge)
    return edges


def _break_off(
    runs: Sequence[TaskRun], edges: Iterable[RunPrerequisite], states: Mapping[uuid.UUID, RunState], using: str
) -> None:
    """End the new runs whose prerequisite has broken already, where the policy says so."""
    awaited = {edge.prerequisite_id for edge in edges if not edge.met and edge.on_failure in EVENTS} & states.keys()
    moved = follow({run_id: states[run_id] for run_id in awaited if states[run_id] in FINAL}, using)
    announce(TaskRun, moved, using)
    ended = {row.pk for row in moved}
    for run in runs:
        if run.pk in ended:
            run.refresh_from_db()


def _row(
    request: Request, now: datetime | StatementNow, waiting_on: int, is_due: bool, limited: Collection[int]
) -> TaskRun:
    # Who has limits is put in line by a worker: no lock of a limit is held for as long as a caller's transaction.
    is_limited = request.concurrency_key is not None or request.task_id in limited
    is_ready = is_due and not waiting_on and not is_limited
    state = RunState.QUEUED if is_ready else RunState.PENDING
    return TaskRun(
        id=request.id,
        task_id=request.task_id,
        state=(RunState.PREPARE if request.prepare else state).value,
        queue=request.queue,
        priority=request.priority,
        run_at=now if request.run_at is None else stored(request.run_at),
        scheduled_for=request.scheduled_for,
        stands_for=request.stands_for,
        waiting_on=waiting_on,
        enqueued_at=now,
        args=list(request.args),
        kwargs=dict(request.kwargs),
        graph=request.graph,
        label=request.label,
        concurrency_key=request.concurrency_key,
        limited=is_limited,
        key=request.key,
        given_key=request.key or request.mark,
    )

"""Make runs, inside the caller's transaction if there is one."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connections, transaction
from django.db.models import sql
from django.utils import timezone

from django_tasks_fsm.core.graph import layers
from django_tasks_fsm.core.ids import new_run_id
from django_tasks_fsm.core.prerequisites import SATISFYING, Condition
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.base import CHANNEL
from django_tasks_fsm.exceptions import TasksFSMError
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.settling import wake, wake_here
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import batches

INSERT_BATCH = 500
KEY_TRIES = 3


class UnknownPrerequisite(TasksFSMError, LookupError):
    """Say that a run was asked to wait for one that does not exist."""

    def __init__(self, run_id: uuid.UUID) -> None:
        self.run_id = run_id
        super().__init__(
            f"Run {run_id} does not exist, so no run can wait for it. It was deleted, pruned, or never committed."
        )


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
    graph: uuid.UUID | None = None
    prepare: bool = False
    scheduled_for: datetime | None = None
    stands_for: int = 1
    prerequisites: tuple[tuple[uuid.UUID, Condition], ...] = ()
    id: uuid.UUID = field(default_factory=new_run_id)


def enqueue(request: Request, using: str) -> TaskRun:
    """Make one run and return it; with a ``key`` that an unfinished run bears, return that run instead.

    Without key and prerequisites this is a single INSERT, in the caller's transaction or by itself.
    """
    if request.prerequisites or request.key is not None:
        return enqueue_many([request], using)[0]
    run = _row(request, waiting_on=0, now=timezone.now())
    _insert_one(run, using)
    return run


def enqueue_many(requests: Sequence[Request], using: str) -> list[TaskRun]:
    """Make many runs, all or none, in the order given; they may be prerequisites of one another.

    Raise CycleFound for a cycle, and UnknownPrerequisite.
    """
    ordered = _prerequisites_first(requests)
    if any(request.key is not None for request in requests):
        return in_transaction(lambda: _one_by_one(requests, ordered, using), using)
    return in_transaction(lambda: _insert_many(requests, using), using)


def _prerequisites_first(requests: Sequence[Request]) -> list[Request]:
    by_id = {request.id: request for request in requests}
    edges = [(before, request.id) for request in requests for before, _ in request.prerequisites]
    nodes = [*by_id, *(before for before, _ in edges)]
    return [by_id[node] for layer in layers(nodes, edges) for node in layer if node in by_id]


def _one_by_one(requests: Sequence[Request], ordered: Iterable[Request], using: str) -> list[TaskRun]:
    made: dict[uuid.UUID, TaskRun] = {}
    for request in ordered:
        # What waits for a request whose key is borne already waits for the bearer.
        edges = tuple((made[before].pk if before in made else before, each) for before, each in request.prerequisites)
        made[request.id] = _with_care(replace(request, prerequisites=edges), using)
    return [made[request.id] for request in requests]


def _with_care(request: Request, using: str) -> TaskRun:
    if request.key is None:
        return _insert_many([request], using)[0]
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    for tries_left in reversed(range(KEY_TRIES)):
        bearer = TaskRun.objects.using(using).filter(key=request.key).first()
        if bearer is not None:
            return bearer
        try:
            with transaction.atomic(using=using):
                return _insert_many([request], using)[0]
        except IntegrityError:
            # Somebody enqueued the same key a moment ago; if that run has ended since, the key is free again.
            if not tries_left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


def _insert_many(requests: Sequence[Request], using: str) -> list[TaskRun]:
    now = timezone.now()
    states = _locked_states(requests, using)
    edges = [_edge(request, *wanted, states) for request in requests for wanted in dict.fromkeys(request.prerequisites)]
    unmet: dict[uuid.UUID, int] = {}
    for edge in edges:
        unmet[edge.run_id] = unmet.get(edge.run_id, 0) + (not edge.met)
    runs = [_row(request, unmet.get(request.id, 0), now) for request in requests]
    TaskRun.objects.using(using).bulk_create(runs, batch_size=INSERT_BATCH)
    RunPrerequisite.objects.using(using).bulk_create(edges, batch_size=INSERT_BATCH)
    wake({run.queue for run in runs if run.state == RunState.QUEUED}, using)
    return runs


def _locked_states(requests: Sequence[Request], using: str) -> dict[uuid.UUID, RunState]:
    # Locked, in id order, so that a prerequisite cannot end between this look and the insertion of its edge: whoever
    # finishes it then waits for this transaction and finds the edge.
    wanted = sorted({before for request in requests for before, _ in request.prerequisites})
    if not wanted:
        return {}
    dialect = for_alias(using)
    dialect.lock_for_writing(connections[using].ops.quote_name(TaskRun._meta.db_table))
    states: dict[uuid.UUID, RunState] = {}
    for some in batches(wanted):
        rows = TaskRun.objects.using(using).filter(pk__in=some).order_by("pk").select_for_update()
        states |= {pk: RunState(state) for pk, state in rows.values_list("pk", "state")}
    for unknown in set(wanted) - states.keys() - {request.id for request in requests}:
        raise UnknownPrerequisite(unknown)
    return states


def _edge(
    request: Request, before: uuid.UUID, condition: Condition, states: Mapping[uuid.UUID, RunState]
) -> RunPrerequisite:
    met = before in states and states[before] in SATISFYING[condition]
    return RunPrerequisite(run_id=request.id, prerequisite_id=before, condition=condition.value, met=met)


def _row(request: Request, waiting_on: int, now: datetime) -> TaskRun:
    run_at = now if request.run_at is None else stored(request.run_at)
    state = RunState.QUEUED if run_at <= now and not waiting_on else RunState.PENDING
    return TaskRun(
        id=request.id,
        task_id=request.task_id,
        state=(RunState.PREPARE if request.prepare else state).value,
        queue=request.queue,
        priority=request.priority,
        run_at=run_at,
        scheduled_for=request.scheduled_for,
        stands_for=request.stands_for,
        waiting_on=waiting_on,
        enqueued_at=now,
        args=list(request.args),
        kwargs=dict(request.kwargs),
        graph=request.graph,
        key=request.key,
    )


def _insert_one(run: TaskRun, using: str) -> None:
    statement, params = _insert_sql(run, using)
    dialect = for_alias(using)
    if run.state == RunState.QUEUED:
        dialect.insert_and_wake(statement, params, CHANNEL, run.queue)
        wake_here(frozenset({run.queue}), using)
    else:
        dialect.execute(statement, params)
    run._state.adding, run._state.db = False, using


def _insert_sql(run: TaskRun, using: str) -> tuple[str, Sequence[Any]]:
    # The statement that save() would run, taken in hand so that PostgreSQL can carry a NOTIFY in the same round trip.
    query = sql.InsertQuery(TaskRun)
    query.insert_values(TaskRun._meta.concrete_fields, [run], raw=True)
    ((statement, params),) = query.get_compiler(using=using).as_sql()
    return statement, params

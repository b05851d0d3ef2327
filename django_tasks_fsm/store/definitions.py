"""From a registered function to its row, and back, without a query per run."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, connections, transaction

from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.models import Queue, Task, TaskPrerequisite
from django_tasks_fsm.models.task import Origin
from django_tasks_fsm.models.transactions import by_itself, in_transaction


@dataclass(frozen=True, slots=True)
class Definition:
    """What a worker needs to know of a task to run it."""

    id: int
    name: str
    function: str
    max_attempts: int
    timeout: float | None
    cancel_on_exception: bool
    executor: str = ""
    """Empty for what the function declares."""
    min_interval: float | None = None
    """Seconds between two starts of a run that reschedules itself; those of the settings where not set."""


_FIELDS = ("id", "name", "function", "max_attempts", "timeout", "cancel_on_exception", "executor", "min_interval")

FRESH_SECONDS = 10.0
"""How long a process trusts its memory: another one may have deleted the row."""

_task_ids: dict[tuple[str, str], tuple[int, float]] = {}
_edged: dict[str, tuple[frozenset[int], float | None]] = {}
_limited: dict[str, tuple[frozenset[int], float | None]] = {}
_queues: dict[tuple[str, str], float] = {}
_lock = threading.Lock()


def definitions(ids: Iterable[int], using: str) -> dict[int, Definition]:
    """Read the definitions of tasks by id."""
    rows = Task.objects.using(using).filter(pk__in=set(ids)).values_list(*_FIELDS)
    return {row[0]: Definition(*row) for row in rows}


def policies_of(task_ids: Collection[int], using: str) -> dict[int, OnFailure]:
    """Return what the tasks say of prerequisites that fail."""
    if not task_ids:
        return {}
    rows = Task.objects.using(using).filter(pk__in=task_ids).values_list("pk", "on_prerequisite_failure")
    return {pk: OnFailure(policy) for pk, policy in rows}


def with_edges(using: str) -> frozenset[int]:
    """Return the tasks that have prerequisites; remembered for as long as ids are, so that enqueueing need not ask."""
    known, since = _edged.get(using, (frozenset(), None))
    if since is not None and time.monotonic() - since < FRESH_SECONDS:
        return known
    edges = TaskPrerequisite.objects.using(using).values_list("task_id", flat=True)
    found = by_itself(lambda: frozenset(edges.distinct()), using)
    if _is_committed(using):
        _edged[using] = (found, time.monotonic())
    return found


def with_limits(using: str) -> frozenset[int]:
    """Return the tasks whose runs stand in line, remembered like ``with_edges``."""
    known, since = _limited.get(using, (frozenset(), None))
    if since is not None and time.monotonic() - since < FRESH_SECONDS:
        return known
    rows = Task.objects.using(using).exclude(max_instances=None, rate_limit="")
    found = by_itself(lambda: frozenset(rows.values_list("pk", flat=True)), using)
    if _is_committed(using):
        _limited[using] = (found, time.monotonic())
    return found


def task_id(name: str, function: str, policies: Mapping[str, Any], using: str) -> int:
    """Return the id of the task row ``name``, made with ``policies`` if there is none.

    Remembered per process once the transaction that saw it has committed: an id from a transaction that is rolled back
    would dangle.
    """
    known, since = _task_ids.get((using, name), (None, 0.0))
    if known is not None and time.monotonic() - since < FRESH_SECONDS:
        return known
    pk = in_transaction(lambda: _find(name, using) or _create(name, function, policies, using), using)
    transaction.on_commit(partial(_remember_task, name, pk, using), using=using)
    return pk


def _remember_task(name: str, pk: int, using: str) -> None:
    if _is_committed(using):
        _task_ids[using, name] = (pk, time.monotonic())


def _is_committed(using: str) -> bool:
    # captureOnCommitCallbacks(execute=True) calls back inside the transaction of a TestCase, which is rolled back.
    return not connections[using].in_atomic_block


def _find(name: str, using: str) -> int | None:
    return Task.objects.using(using).filter(name=name).values_list("pk", flat=True).first()


def _create(name: str, function: str, policies: Mapping[str, Any], using: str) -> int:
    row = Task(name=name, function=function, origin=Origin.CODE.value, **policies)
    try:
        with transaction.atomic(using=using):
            row.save(using=using, force_insert=True)
    except IntegrityError:  # another process has just made it
        return Task.objects.using(using).get(name=name).pk
    _limited.pop(using, None)
    return row.pk


def know_queue(name: str, using: str) -> None:
    """Make sure that the queue has a row, by which workers that serve all queues find it."""
    since = _queues.get((using, name))
    if since is not None and time.monotonic() - since < FRESH_SECONDS:
        return
    in_transaction(lambda: Queue.objects.using(using).get_or_create(name=name), using)
    transaction.on_commit(partial(_remember_queue, name, using), using=using)


def _remember_queue(name: str, using: str) -> None:
    if _is_committed(using):
        _queues[using, name] = time.monotonic()


def forget_limits(**kwargs: Any) -> None:
    """Ask anew which tasks have limits: one was saved in this process. Others learn of it within FRESH_SECONDS."""
    _limited.clear()


def forget(**kwargs: Any) -> None:
    """Drop what is remembered: rows were deleted, or the database was flushed or migrated."""
    with _lock:
        _task_ids.clear()
        _edged.clear()
        _limited.clear()
        _queues.clear()

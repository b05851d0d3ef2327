"""The one place that changes the state of rows that exist (claim, ordinary finish and stage apply the table in SQL).

A change is an UPDATE whose WHERE names the state that the table allows, and the fence where a worker writes. What the
UPDATE counts is the truth: rows that somebody else moved first are left out of the answer, never raised about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.db import connections, models, transaction

from django_tasks_fsm import signals
from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.dialects import dialect_of
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models.actor import Actor

BATCH = 500
"""Keys in one IN list: SQLite takes 32,766 parameters, and locks are held for the length of a batch."""

QUIET = frozenset({"queue", "hold"})
"""Events that leave no Transition row: the run's own timestamps tell them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moved:
    """One row that changed, as it was when it did."""

    pk: Any
    event: str
    from_state: str
    to_state: str
    attempt: int = 0
    worker_id: Any = None
    task_id: int | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What to do to the rows: the event, who and why, and what else to write with it.

    ``only_from`` narrows the states down, where this caller may cause the event in fewer than the table allows.
    """

    event: str
    actor: Actor
    reason: str = ""
    wanted: RunState | TaskState | None = None
    values: Mapping[str, Any] | None = None
    detail: Any = None
    fences: Mapping[Any, int] | None = None
    only_from: tuple[RunState, ...] = ()


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Cut ``items`` into pieces of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))


def apply(model: type[models.Model], change: Change, pks: Iterable[Any], using: str) -> tuple[Moved, ...]:
    """Apply ``change`` to the rows that allow it and return these. Needs an open transaction; locks in key order."""
    machine: Machine[Any] = RUN_MACHINE if _has_fence(model) else TASK_MACHINE
    moved: list[Moved] = []
    for some in batches(sorted(set(pks))):
        for row in _locked(model, machine, change, some, using):
            moved += _moved(model, machine, change, row, using)
    if moved and change.event not in QUIET:
        record(model, change, moved, using)
    return tuple(moved)


def _has_fence(model: type[models.Model]) -> bool:
    return any(field.name == "fence" for field in model._meta.fields)


def _locked(
    model: type[models.Model], machine: Machine[Any], change: Change, pks: Sequence[Any], using: str
) -> list[tuple[Any, ...]]:
    connection = connections[using]
    dialect_of(connection).lock_for_writing(connection.ops.quote_name(model._meta.db_table))
    columns = ("pk", "state", "attempt", "worker_id", "task_id", "fence") if _has_fence(model) else ("pk", "state")
    sources = [state for state in machine.sources(change.event) if state in (change.only_from or (state,))]
    rows = model._base_manager.using(using).filter(pk__in=pks, state__in=sources)
    return list(rows.order_by("pk").select_for_update().values_list(*columns))


def _moved(
    model: type[models.Model], machine: Machine[Any], change: Change, row: tuple[Any, ...], using: str
) -> list[Moved]:
    pk, state, *rest = row
    if change.fences is not None and rest[3] != change.fences.get(pk):
        return []
    target = machine.target(change.event, RunState(state) if rest else TaskState(state), change.wanted)
    values = {**consequences(change.event, state, target), **(change.values or {})} if rest else change.values or {}
    guard = {"pk": pk, "state": state, **({"fence": rest[3]} if rest else {})}
    changed = model._base_manager.using(using).filter(**guard).update(state=target.value, **values)
    if not changed:
        return []
    attempt, worker_id, task_id = rest[:3] if rest else (0, None, None)
    return [Moved(pk, change.event, state, target.value, attempt, worker_id, task_id, change.actor.name)]


def consequences(event: str, source: str, target: RunState) -> dict[str, Any]:
    """Return the columns of a run that follow from the change of its state, as the CHECK constraints ask."""
    if target in FINAL:
        return {"finished_at": DatabaseNow(), "key": None}
    values: dict[str, Any] = {"finished_at": None}
    if RunState(source) in FINAL:  # a new life: what the old one left behind is in the transitions
        values |= {"run_at": DatabaseNow(), "attempt": 0, "error": "", "result": None, "progress": None}
        values |= {"cancel_requested_at": None, "started_at": None}
    elif event == "release":
        values |= {"attempt": models.F("attempt") - 1}
    return values


def record(model: type[models.Model], change: Change, moved: Sequence[Moved], using: str) -> None:
    """Write one Transition row for each moved row."""
    from django_tasks_fsm.models.transition import Transition

    owner = "run_id" if _has_fence(model) else "task_id"
    Transition.objects.using(using).bulk_create(
        [
            Transition(
                **{owner: row.pk},
                event=row.event,
                from_state=row.from_state,
                to_state=row.to_state,
                at=DatabaseNow(),
                attempt=row.attempt,
                worker_id=change.actor.worker_id or row.worker_id,
                actor=change.actor.name,
                reason=change.reason[:500],
                detail=change.detail,
            )
            for row in moved
        ],
        batch_size=BATCH,
    )


def announce_made(model: type[models.Model], pks: Sequence[Any], using: str) -> None:
    """Send the signal of runs that no ``enqueue`` of a project has made, when the transaction commits."""
    if pks and signals.runs_made.has_listeners(model):
        transaction.on_commit(partial(signals.runs_made.send_robust, model, pks=tuple(pks), using=using), using=using)


def announce(model: type[models.Model], moved: Sequence[Moved], using: str) -> None:
    """Send the signal of the moved rows when the transaction commits; a receiver that raises is logged."""
    signal = signals.runs_moved if _has_fence(model) else signals.tasks_moved
    if moved and signal.has_listeners(model):
        transaction.on_commit(partial(signal.send_robust, model, moved=tuple(moved), using=using), using=using)

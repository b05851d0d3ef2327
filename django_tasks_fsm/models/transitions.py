"""The one place that changes the state of rows that exist (claim, ordinary finish and stage apply the table in SQL).

A change locks the rows that are in a state that the table allows, and bear the fence where a worker writes; all rows of
one state are then changed by one UPDATE. Rows that somebody else moved first are left out of the answer, never raised
about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from django.db import InterfaceError, connections, models, transaction
from django.db.models.functions import Coalesce

from django_tasks_fsm import signals
from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import FINAL, RunState, TaskState
from django_tasks_fsm.dialects import dialect_of
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.exceptions import TasksFSMError
from django_tasks_fsm.models import events
from django_tasks_fsm.models.actor import Actor

BATCH = 500
"""Keys in one IN list: SQLite takes 32,766 parameters, and locks are held for the length of a batch."""

QUIET = frozenset({"queue", "hold"})
"""Events that leave no Transition row: the run's own timestamps tell them."""

NO_ATTEMPT = (0, None, None, None)
RUN_COLUMNS = ("pk", "state", "attempt", "worker_id", "task_id", "started_at", "fence")
FENCE = RUN_COLUMNS.index("fence")
"""Attempt, worker and task of a row that is no run."""

Row = tuple[Any, ...]
T = TypeVar("T")


class LockNotHeld(TasksFSMError, InterfaceError):
    """Say that rows were locked and yet changed by somebody else.

    An InterfaceError, as a lost connection is: a worker undoes the transaction and repeats it on a new connection.
    """

    def __init__(self, model: str, event: str, locked: int, changed: int) -> None:
        super().__init__(
            f"{event!r} locked {locked} rows of {model} and then found {changed} of them as they were. Between the two "
            "statements of one transaction nobody may get in: look for a connection pooler that splits transactions "
            "(PgBouncer's pool_mode=statement) or a trigger that skips updates."
        )


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
    started_at: datetime | None = None


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
    only_from: tuple[RunState | TaskState, ...] = ()


def batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Cut ``items`` into pieces of at most ``size``."""
    return (items[start : start + size] for start in range(0, len(items), size))


def apply(model: type[models.Model], change: Change, pks: Iterable[Any], using: str) -> tuple[Moved, ...]:
    """Apply ``change`` to the rows that allow it and return these. Needs an open transaction; locks in key order.

    With ``fences``, rows that somebody else has locked are left out as well, where the vendor can skip them.
    """
    moved: list[Moved] = []
    for some in batches(sorted(set(pks))):
        rows = sorted(_locked(model, change, some, using), key=_state)
        for state, group in groupby(rows, key=_state):
            moved += _moved(model, change, state, list(group), using)
    if moved and change.event not in QUIET:
        record(model, change, moved, using)
    if events.are_heard() and _has_fence(model):
        events.tell(model, moved, using)
    return tuple(moved)


def _has_fence(model: type[models.Model]) -> bool:
    return any(field.name == "fence" for field in model._meta.fields)


def _machine(model: type[models.Model]) -> Machine[Any]:
    return RUN_MACHINE if _has_fence(model) else TASK_MACHINE


def _state(row: Row) -> str:
    return str(row[1])


def _locked(model: type[models.Model], change: Change, pks: Sequence[Any], using: str) -> list[Row]:
    connection = connections[using]
    dialect = dialect_of(connection)
    dialect.lock_for_writing(connection.ops.quote_name(model._meta.db_table))
    columns = RUN_COLUMNS if _has_fence(model) else RUN_COLUMNS[:2]
    sources = [state for state in _machine(model).sources(change.event) if state in (change.only_from or (state,))]
    locked = _in_state(model, pks, sources, using).order_by("pk")
    locked = locked.select_for_update(skip_locked=change.fences is not None and dialect.skips_locked)
    rows = list(locked.values_list(*columns))
    return rows if change.fences is None else [row for row in rows if row[FENCE] == change.fences.get(row[0])]


def _in_state(model: type[models.Model], pks: Sequence[Any], states: Sequence[Any], using: str) -> models.QuerySet[Any]:
    # COALESCE keeps the look-up on the primary key: along an index that leads with the state, MariaDB would lock, and
    # wait for, rows that are none of these.
    rows: models.QuerySet[Any] = model._base_manager.using(using).alias(now=Coalesce("state", models.Value("")))
    return rows.filter(pk__in=pks, now__in=states)


def _moved(model: type[models.Model], change: Change, state: str, rows: Sequence[Row], using: str) -> list[Moved]:
    source = RunState(state) if _has_fence(model) else TaskState(state)
    target = _machine(model).target(change.event, source, change.wanted)
    follows = consequences(change.event, state, target) if isinstance(target, RunState) else {}
    values = {**follows, **(change.values or {})}
    pks = [row[0] for row in rows]
    changed = _in_state(model, pks, [state], using).update(state=target.value, **values)
    if changed != len(pks):
        raise LockNotHeld(model.__name__, change.event, len(pks), changed)
    said = (change.event, state, target.value)
    held = [(row[0], *(row[2:FENCE] or NO_ATTEMPT)) for row in rows]
    name = change.actor.name
    return [Moved(pk, *said, attempt, worker, task, name, began) for pk, attempt, worker, task, began in held]


def consequences(event: str, source: str, target: RunState) -> dict[str, Any]:
    """Return the columns of a run that follow from the change of its state, as the CHECK constraints ask."""
    if target in FINAL:
        return {"finished_at": DatabaseNow(), "key": None, "line": Place.OUTSIDE.value}
    values: dict[str, Any] = {"finished_at": None, **_place(target)}
    if RunState(source) in FINAL:  # a new life: what the old one left behind is in the transitions
        values |= {"run_at": DatabaseNow(), "attempt": 0, "error": "", "result": None, "progress": None}
        values |= {"cancel_requested_at": None, "pause_requested_at": None, "started_at": None}
    elif event == "release":
        values |= {"attempt": models.F("attempt") - 1}
    return values


def _place(target: RunState) -> dict[str, Any]:
    """Return the columns of the limits: a run that waits holds no slot, and one that runs here counts like the rest."""
    if target is RunState.PENDING:
        return {"line": Place.OUTSIDE.value}
    if target is not RunState.RUNNING:
        return {}
    paced = models.Case(models.When(limited=True, then=DatabaseNow()), default=models.F("paced_at"))
    return {"line": models.Case(models.When(limited=True, then=Place.HELD.value), default=0), "paced_at": paced}


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
                started_at=row.started_at if row.from_state == RunState.RUNNING else None,
                actor=clean_text(change.actor.name, 150),
                reason=clean_text(change.reason, 500),
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

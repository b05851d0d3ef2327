"""Runs as a plan reads them: a few columns, in batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.transitions import batches

COLUMNS = ("pk", "task__name", "label", "state", "fence", "waiting_on", "given_key")


@dataclass(frozen=True, slots=True)
class Row:
    """One run."""

    id: uuid.UUID
    task: str
    label: str
    state: RunState
    fence: int
    waiting_on: int
    given_key: str | None

    @property
    def name(self) -> str:
        """Return what to call the run."""
        return f"{self.task} {self.label or str(self.id)[-12:]}"


def rows_of(run_ids: Iterable[uuid.UUID], using: str) -> dict[uuid.UUID, Row]:
    """Return these runs by id; one that does not exist is left out."""
    found: dict[uuid.UUID, Row] = {}
    for some in batches(sorted(run_ids)):
        found |= _read(TaskRun.objects.using(using).filter(pk__in=some))
    return found


def rows_in(graph: uuid.UUID | None, using: str) -> dict[uuid.UUID, Row]:
    """Return the runs of a graph by id; None is no graph, and not that of all runs without one."""
    return {} if graph is None else _read(TaskRun.objects.using(using).filter(graph=graph))


def bearers(rows: Iterable[Row], using: str) -> dict[uuid.UUID, uuid.UUID]:
    """Return those of the runs that cannot have their keys back, each with the run that bears or gets it."""
    keyed = sorted((row for row in rows if row.given_key is not None), key=lambda row: row.id)
    taken: dict[str, uuid.UUID] = {}
    for some in batches(sorted({row.given_key for row in keyed if row.given_key is not None})):
        taken |= dict(TaskRun.objects.using(using).filter(key__in=some).values_list("key", "pk"))  # type: ignore[arg-type]
    # Of two that were given the same key, the older one gets it.
    first = {row.id: taken.setdefault(row.given_key, row.id) for row in keyed if row.given_key is not None}
    return {run_id: bearer for run_id, bearer in first.items() if bearer != run_id}


def _read(runs: QuerySet[TaskRun]) -> dict[uuid.UUID, Row]:
    rows = runs.order_by("pk").values_list(*COLUMNS)
    return {pk: Row(pk, task, label, RunState(state), *rest) for pk, task, label, state, *rest in rows}

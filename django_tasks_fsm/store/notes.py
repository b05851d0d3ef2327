"""What a running run writes about itself; every write is guarded by its fence."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django_tasks_fsm.core.payload import clean_text
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import OwnershipLost
from django_tasks_fsm.models import RunDetail, RunPrerequisite, TaskRun
from django_tasks_fsm.models.transactions import in_transaction

LOG_LIMIT = 64_000

Detail = Callable[[RunDetail | None], Mapping[str, Any]] | None
"""What to write beside the run, given what stands there."""


@dataclass(frozen=True, slots=True)
class Requests:
    """When a person asked the run to stop, or to rest, if anybody did."""

    stop: datetime | None
    pause: datetime | None


@dataclass(frozen=True, slots=True)
class PrerequisiteResult:
    """How one prerequisite ended."""

    run_id: uuid.UUID
    task: str
    state: str
    result: Any
    error: str


def _write(run_id: uuid.UUID, fence: int, using: str, row: Mapping[str, Any], detail: Detail) -> None:
    def work() -> None:
        mine = TaskRun.objects.using(using).filter(pk=run_id, fence=fence, state=RunState.RUNNING.value)
        if not mine.update(**(row or {"fence": fence})):
            raise OwnershipLost("This run belongs to another worker now, or has been ended; nothing was written.")
        if detail is not None:
            # The row of the run is locked by the update above, so two writers cannot both find no detail.
            before = RunDetail.objects.using(using).filter(pk=run_id).first()
            RunDetail.objects.using(using).update_or_create(pk=run_id, defaults=dict(detail(before)))

    in_transaction(work, using)


def progress(run_id: uuid.UUID, fence: int, done: int, total: int | None, note: str, using: str) -> None:
    """Store how far a run is; raise OwnershipLost when it is no longer the caller's."""
    percent = None if not total else max(0, min(100, done * 100 // total))
    detail = {"progress_done": done, "progress_total": total, "progress_note": clean_text(note, 200)[:200]}
    _write(run_id, fence, using, {"progress": percent}, lambda before: detail)


def log(run_id: uuid.UUID, fence: int, text: str, using: str) -> None:
    """Append to the log of a run; its oldest part falls off beyond 64,000 characters."""
    added = clean_text(text)
    _write(run_id, fence, using, {}, lambda before: {"log": ((before.log if before else "") + added)[-LOG_LIMIT:]})


def save_metadata(run_id: uuid.UUID, fence: int, metadata: Mapping[str, Any], using: str) -> None:
    """Replace the metadata of a run."""
    _write(run_id, fence, using, {}, lambda before: {"metadata": dict(metadata)})


def load_metadata(run_id: uuid.UUID, using: str) -> dict[str, Any]:
    """Return the metadata of a run."""
    found = RunDetail.objects.using(using).filter(pk=run_id).values_list("metadata", flat=True).first()
    return dict(found or {})


def join_graph(run_id: uuid.UUID, fence: int, using: str) -> uuid.UUID:
    """Return the graph of a run; one that stands alone becomes the root of a graph that bears its id."""
    graph = TaskRun.objects.using(using).filter(pk=run_id).values_list("graph", flat=True).first()
    if graph is None:
        _write(run_id, fence, using, {"graph": run_id}, None)
    return graph or run_id


def own_graph(run_id: uuid.UUID, fence: int, using: str) -> uuid.UUID:
    """Do as ``join_graph``, and lock the run's row until the open transaction ends; raise OwnershipLost."""
    own(run_id, fence, using)
    return join_graph(run_id, fence, using)


def own(run_id: uuid.UUID, fence: int, using: str) -> None:
    """Lock the run's row until the open transaction ends; raise OwnershipLost when it is no longer the caller's."""
    _write(run_id, fence, using, {}, None)


def requests(run_id: uuid.UUID, fence: int, using: str) -> Requests:
    """Return what a person asked of the run; raise OwnershipLost when it is no longer the caller's."""
    mine = TaskRun.objects.using(using).filter(pk=run_id, fence=fence, state=RunState.RUNNING.value)
    row = mine.values_list("cancel_requested_at", "pause_requested_at").first()
    if row is None:
        raise OwnershipLost("This run belongs to another worker now, or has been ended.")
    return Requests(*row)


def prerequisite_results(run_id: uuid.UUID, using: str) -> list[PrerequisiteResult]:
    """Return how the prerequisites of a run ended, in the order in which it was made to wait for them."""
    edges = RunPrerequisite.objects.using(using).filter(run_id=run_id).order_by("pk")
    columns = ("id", "task__name", "state", "result", "error")
    return [PrerequisiteResult(*row) for row in edges.values_list(*(f"prerequisite__{name}" for name in columns))]

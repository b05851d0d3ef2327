"""Add to the logs of runs, if they are still this worker's."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django_tasks_fsm.core.lines import Line
from django_tasks_fsm.core.outcomes import Claim
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunLog, TaskRun
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.transactions import in_transaction

Key = tuple[uuid.UUID, int]
BATCH = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of one claim.

    ``count`` and ``size`` (bytes) are those of the whole attempt up to here, ``before`` is the number of lines of
    earlier attempts, as ``keep`` has told it; None the first time. ``is_over``: the end of the run is stored already.
    """

    claim: Claim
    lines: Sequence[Line]
    count: int
    size: int
    before: int | None = None
    is_over: bool = False


def keep(batches: Sequence[Batch], most: int, room: int, using: str, again: bool = False) -> dict[Key, int]:
    """Store lines; return for each claim how many came before it. Of claims that are no longer good none are stored.

    Of a run that has more than ``most`` lines or ``room`` bytes the oldest lines are deleted. No row of a run is
    locked: its function may have it locked in a transaction of its own, for as long as it likes. ``again`` says that
    the same lines may have been stored already, by a try whose commit was not answered.
    """
    tries = itertools.count(int(again))

    def work() -> dict[Key, int]:
        good = _good(batches, using)
        kept = [batch for batch in batches if batch.claim.key in good]
        before = {batch.claim.key: _lines_before(batch, using) for batch in kept}
        rows = [row for batch in kept for row in _rows(batch, before[batch.claim.key])]
        rows = _missing(rows, using) if next(tries) else rows
        RunLog.objects.using(using).bulk_create(rows, batch_size=BATCH)
        for batch in kept:
            if batch.claim.fence > 1 or batch.count > most or batch.size > room:
                _shorten(batch.claim.id, most, room, using)
        return before

    return in_transaction(work, using)


def _good(batches: Sequence[Batch], using: str) -> set[Key]:
    keys = {batch.claim.key for batch in batches}
    rows = TaskRun.objects.using(using)
    running = rows.filter(pk__in=[pk for pk, _ in keys], state=RunState.RUNNING.value)
    good = keys & set(running.values_list("pk", "fence"))
    if over := {batch.claim.key for batch in batches if batch.is_over}:
        # Nobody has claimed it since, or the fence had moved on.
        good |= over & set(rows.filter(pk__in=[pk for pk, _ in over]).values_list("pk", "fence"))
    return good


def _rows(batch: Batch, before: int) -> Iterator[RunLog]:
    claim = batch.claim
    for line in batch.lines:
        yield RunLog(
            run_id=claim.id,
            fence=claim.fence,
            number=before + line.number,
            attempt=claim.attempt,
            at=stored(datetime.fromtimestamp(line.at, UTC)),
            level=line.level,
            logger=line.logger,
            message=line.message,
            size=line.size,
        )


def _missing(rows: Sequence[RunLog], using: str) -> list[RunLog]:
    there = RunLog.objects.using(using).filter(run_id__in={row.run_id for row in rows})
    known = set(there.values_list("run_id", "fence", "number"))
    return [row for row in rows if (row.run_id, row.fence, row.number) not in known]


def _lines_before(batch: Batch, using: str) -> int:
    """Return the number of the last line of earlier attempts. Later on it may have been left out."""
    if batch.before is not None or batch.claim.fence <= 1:
        return batch.before or 0
    earlier = RunLog.objects.using(using).filter(run_id=batch.claim.id, fence__lt=batch.claim.fence)
    return earlier.order_by("-fence", "-number").values_list("number", flat=True).first() or 0


def _shorten(run_id: uuid.UUID, most: int, room: int, using: str) -> None:
    lines = RunLog.objects.using(using).filter(run_id=run_id).order_by("-fence", "-number")
    gone: list[int] = []
    for place, (pk, size) in enumerate(lines.values_list("pk", "size")):
        room -= size
        if place and (place >= most or room < 0):
            gone.append(pk)
    for start in range(0, len(gone), BATCH):
        RunLog.objects.using(using).filter(pk__in=gone[start : start + BATCH])._raw_delete(using)

"""The runs of a graph as a timeline: what waited when, which attempts there were, and what decided the end."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from django_tasks_fsm.core.graph import critical_path
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.drawing import word
from django_tasks_fsm.drawing.timeline import Bar, Line, Stretch, Timeline
from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.pictures.run_graph import Page, label_of, no_page
from django_tasks_fsm.pictures.runs import Runs
from django_tasks_fsm.pictures.words import duration, local, shown_state

MOST_ATTEMPTS = 2_000
ENDED_AS = {"retry": "FAILED", "error": "FAILED", "lose": "ABORTED", "abort": "ABORTED"}
"""How an attempt ended by the event that ended it; what is not here was stopped without a fault."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of an attempt, as its transition tells it."""

    at: datetime
    event: str
    number: int
    worker_id: uuid.UUID | None
    began: datetime | None = None


def timeline_of(shown: Runs, current: uuid.UUID | None = None, page: Page = no_page) -> Timeline:
    """Return the records for the drawing, ordered by the time at which something began; two statements at most."""
    now = local(timezone.now())
    attempts, workers = _attempts(shown.runs)
    ends = {run.pk: local(run.finished_at) for run in shown.runs if run.finished_at is not None}
    sources = _sources(shown)
    critical = set(critical_path(_ended(shown.runs, now), sources))
    lines = []
    for run in shown.runs:
        ready = max([local(run.enqueued_at), *(ends[key] for key in sources.get(run.pk, ()) if key in ends)])
        bars = _bars(run, attempts.get(run.pk, ()), workers, now)
        line = _line(run, bars, _waits(run, ready, bars, now), page("taskrun", run.pk), now)
        lines.append(replace(line, is_critical=run.pk in critical, current=run.pk == current))
    return Timeline(tuple(sorted(lines, key=_begin)), now, gettext("Timeline"), shown.left_out)


def _line(run: TaskRun, bars: Sequence[Bar], waits: Sequence[Stretch], href: str, now: datetime) -> Line:
    worker = run.worker.name if run.worker is not None else ""
    note = _note(waits, run, now)
    return Line(str(run.pk), label_of(run), shown_state(run), tuple(bars), tuple(waits), href, note, worker)


def _begin(line: Line) -> tuple[bool, float, str]:
    began = [bar.start or bar.end for bar in line.bars] + [stretch[0] for stretch in line.waits]
    moments = [moment.timestamp() for moment in began if moment is not None]
    return not moments, min(moments, default=0.0), line.key


def _attempts(runs: Iterable[TaskRun]) -> tuple[Mapping[uuid.UUID, Sequence[Attempt]], Mapping[uuid.UUID, str]]:
    """Read how the attempts of runs ended, oldest first, and the names of the workers that had them."""
    tried = [run.pk for run in runs if run.attempt or run.started_at is not None]
    rows = Transition.objects.filter(run__in=tried, from_state=RunState.RUNNING.value).order_by("id")
    columns = rows.values_list("run_id", "at", "event", "attempt", "worker_id", "started_at")
    found: defaultdict[uuid.UUID, list[Attempt]] = defaultdict(list)
    for run_id, at, event, number, worker_id, began in columns[:MOST_ATTEMPTS] if tried else ():
        found[run_id].append(Attempt(local(at), event, number, worker_id, None if began is None else local(began)))
    return found, _names({one.worker_id for ended in found.values() for one in ended if one.worker_id})


def _names(workers: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(Worker.objects.filter(pk__in=workers).values_list("pk", "name")) if workers else {}


def _sources(shown: Runs) -> Mapping[uuid.UUID, Sequence[uuid.UUID]]:
    found: defaultdict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for link in shown.links:
        found[link.target].append(link.source)
    return found


def _ended(runs: Iterable[TaskRun], now: datetime) -> dict[uuid.UUID, float]:
    """Return when each run ended: now for one that runs, nothing for one that never ran."""
    ran = [run for run in runs if run.started_at is not None and run.state in (*FINAL, RunState.RUNNING)]
    return {run.pk: (run.finished_at or now).timestamp() for run in ran}


def _bars(run: TaskRun, ended: Sequence[Attempt], workers: Mapping[uuid.UUID, str], now: datetime) -> list[Bar]:
    """Return the attempts of a run: the row knows when the last one began, the transitions when the others did."""
    started = None if run.started_at is None else local(run.started_at)
    earlier = [one for one in ended if started is None or one.at < started]
    bars = [_mark(one, _name_of(one, workers)) for one in earlier]
    if started is None:
        return bars
    last = ended[-1] if len(ended) > len(earlier) else None
    if run.state == RunState.RUNNING:
        return [*bars, Bar(started, None, run.state, _told(run.attempt, run.state, duration(now - started)))]
    end = last.at if last is not None else None if run.finished_at is None else local(run.finished_at)
    if end is None:
        return bars
    state = run.state if last is None else _ended_as(last.event)
    number = run.attempt if last is None else last.number
    return [*bars, Bar(started, end, state, _told(number, state, duration(end - started)))]


def _mark(attempt: Attempt, worker: str) -> Bar:
    state = _ended_as(attempt.event)
    took = "" if attempt.began is None else duration(attempt.at - attempt.began)
    return Bar(attempt.began, attempt.at, state, _told(attempt.number, state, took), worker)


def _name_of(attempt: Attempt, workers: Mapping[uuid.UUID, str]) -> str:
    return "" if attempt.worker_id is None else workers.get(attempt.worker_id, "")


def _ended_as(event: str) -> str:
    return ENDED_AS.get(event, "CANCELLED")


def _told(number: int, state: str, took: str = "") -> str:
    text = gettext("Attempt %(number)d: %(state)s") % {"number": number, "state": word(state)}
    return f"{text} ({took})" if took else text


def _waits(run: TaskRun, ready: datetime, bars: Sequence[Bar], now: datetime) -> list[Stretch]:
    """Return when the run could have run and did not: before its first attempt, and between two."""
    if run.waiting_on or run.state == RunState.PREPARE:
        return []
    due = local(run.run_at)
    begin = max(ready, due) if run.attempt <= 1 and len(bars) <= 1 else ready
    stretches: list[Stretch] = []
    for bar in bars:
        stretches.append((begin, bar.start or bar.end or now))
        begin = bar.end or now
    if RunState(run.state) not in FINAL and run.state != RunState.RUNNING:
        stretches.append((begin, now))
    return [(start, end) for start, end in stretches if start < end]


def _note(waits: Sequence[Stretch], run: TaskRun, now: datetime) -> str:
    """Return how long the run waited, and how long its last attempt took."""
    waited = sum((end - start).total_seconds() for start, end in waits)
    parts = [gettext("waited %(duration)s") % {"duration": duration(waited)}] if waited >= 1 else []
    if run.started_at is not None and run.state in (*FINAL, RunState.RUNNING):
        took = duration((run.finished_at or now) - run.started_at)
        parts.append(gettext("ran %(duration)s") % {"duration": took})
    return ", ".join(parts)

"""Read the runs around one run, or those of a run graph, and the links among them: a handful of bounded statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import MAX_NODES
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.pictures.around import ALL, FAR, MOST, SMALL, STEPS, Around, Ends, Link, Side, among, walk

MAX_LINKS = 2_000
"""Links in one picture."""
NEIGHBOURS = 1_000
"""Links that are read for one step."""
COUNTED = 10_000

_COLUMNS = (
    "state", "label", "queue", "waiting_on", "attempt", "progress", "run_at", "enqueued_at", "started_at",
    "finished_at", "graph", "task__name", "worker__name",
)  # fmt: skip
# What a person looks for comes first: trouble, then work, then what waits; done is done.
_RANKS = (
    (0, (RunState.FAILED, RunState.ABORTED, RunState.CANCELLED, RunState.SKIPPED)),
    (1, (RunState.RUNNING,)),
    (3, (RunState.DONE,)),
)


@dataclass(frozen=True, slots=True)
class Runs:
    """What to show of a run graph; ``left_out`` is how many of its runs are not, ``steps`` what was chosen."""

    runs: tuple[TaskRun, ...]
    links: tuple[Link, ...] = ()
    steps: str = ALL
    left_out: int = 0
    is_whole: bool = True
    rest: Mapping[Side, int] = field(default_factory=dict)


def runs_around(run: TaskRun, steps: str | None = None) -> Runs:
    """Return the runs within ``steps`` links of one, or as many as fit; None chooses by the size of the graph."""
    chosen = steps if steps in STEPS else None
    if run.graph is None:
        return _linked(run, chosen)
    total = count_of(run.graph)
    if total <= {ALL: MAX_NODES, None: SMALL}.get(chosen, 0):
        return _whole(run, total)
    if chosen == ALL:
        return _read(run, _window(run), ALL, total)
    return _read(run, walk(run.pk, int(chosen or 2), MOST, _neighbours), chosen or "2", total)


def runs_of(graph: uuid.UUID) -> Runs:
    """Return the first runs of a graph; none where there is no such graph."""
    runs = _read_rows(TaskRun.objects.filter(graph=graph))
    left_out = max(0, count_of(graph) - len(runs))
    return Runs(runs, _links_among([run.pk for run in runs]), ALL, left_out, not left_out)


def count_of(graph: uuid.UUID) -> int:
    """Return how many runs a graph has, 10,000 where it has more."""
    return TaskRun.objects.filter(graph=graph).order_by()[:COUNTED].count()


def _whole(run: TaskRun, total: int) -> Runs:
    runs = {other.pk: other for other in _read_rows(TaskRun.objects.filter(graph=run.graph))}
    links = _read_links(RunPrerequisite.objects.filter(Q(run__in=runs) | Q(prerequisite__in=runs)))
    # A graph may wait for runs of another one, and be waited for.
    foreign = dict.fromkeys(end for link in links for end in (link.source, link.target) if end not in runs)
    more = list(foreign)[: MAX_NODES - len(runs)]
    runs |= {other.pk: other for other in _rows(more)} if more else {}
    inside = tuple(link for link in links if link.source in runs and link.target in runs)
    return Runs(tuple(runs.values()), inside, ALL, max(0, total - len(runs)), len(more) == len(foreign))


def _linked(run: TaskRun, chosen: str | None) -> Runs:
    if chosen in (ALL, None):
        around = walk(run.pk, FAR, MAX_NODES if chosen else SMALL, _neighbours)
        if chosen or around.is_whole:
            return _read(run, around, ALL)
    return _read(run, walk(run.pk, int(chosen or 2), MOST, _neighbours), chosen or "2")


def _window(run: TaskRun) -> Around:
    """Return what hangs together with a run among those that were made just before and after it."""
    members = TaskRun.objects.filter(graph=run.graph)
    before = members.filter(pk__lte=run.pk).order_by("-pk").values_list("pk", flat=True)[: MAX_NODES // 2]
    after = members.filter(pk__gt=run.pk).order_by("pk").values_list("pk", flat=True)[: MAX_NODES // 2]
    links = [(link.source, link.target) for link in _links_among([*before, *after])]
    return walk(run.pk, MAX_NODES, MAX_NODES, among(links))


def _read(run: TaskRun, around: Around, steps: str, total: int | None = None) -> Runs:
    if len(around.keys) == 1:
        return Runs((run,), (), steps, max(0, (total or 1) - 1), around.is_whole)
    left_out = sum(around.rest.values()) if total is None else max(0, total - len(around.keys))
    is_whole = around.is_whole if total is None else not left_out
    return Runs(_rows(around.keys), _links_among(around.keys), steps, left_out, is_whole, around.rest)


def _neighbours(keys: Collection[uuid.UUID]) -> Sequence[Ends]:
    # Two conditions on one table, so that each is answered by its own index.
    edges = RunPrerequisite.objects.filter(Q(run__in=keys) | Q(prerequisite__in=keys))
    other = Case(When(run__in=keys, then=_rank("prerequisite__state")), default=_rank("run__state"))
    rows = edges.alias(rank=other).order_by("rank", "pk").values_list("prerequisite_id", "run_id")
    return list(rows[:NEIGHBOURS])


def _rank(column: str) -> Case:
    whens = [When(**{f"{column}__in": [state.value for state in states]}, then=Value(at)) for at, states in _RANKS]
    return Case(*whens, default=Value(2), output_field=IntegerField())


def _rows(keys: Collection[uuid.UUID]) -> tuple[TaskRun, ...]:
    return _read_rows(TaskRun.objects.filter(pk__in=keys))


def _read_rows(runs: QuerySet[TaskRun]) -> tuple[TaskRun, ...]:
    return tuple(runs.select_related("task", "worker").only(*_COLUMNS).order_by("pk")[:MAX_NODES])


def _links_among(keys: Collection[uuid.UUID]) -> tuple[Link, ...]:
    return _read_links(RunPrerequisite.objects.filter(run__in=keys, prerequisite__in=keys))


def _read_links(edges: QuerySet[RunPrerequisite]) -> tuple[Link, ...]:
    rows = edges.order_by("pk").values_list("prerequisite_id", "run_id", "condition", "on_failure", "met")
    return tuple(Link(*row) for row in rows[:MAX_LINKS])

"""A set of runs from which a dispatcher takes what may begin."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import router
from django.db.models import Q, QuerySet

from django_tasks_fsm.core.prerequisites import Condition, standing
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.drawing import Edge, Graph, Node, to_dot
from django_tasks_fsm.exceptions import BlockedError, IllegalTransition, StaleState
from django_tasks_fsm.making.dispatching import dispatch
from django_tasks_fsm.making.performer import Performer
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.models.transitions import batches

FREE = Q(state__in=[RunState.PENDING.value, RunState.QUEUED.value], waiting_on=0)


class TaskQueue:
    """Runs to be executed here, one after another, each when nothing blocks it; others are left alone.

    With ``run_dependent_tasks`` the dependents of a run that has ended join the queue.
    """

    def __init__(self, *runs: Any, run_dependent_tasks: bool = False) -> None:
        self.run_dependent_tasks = run_dependent_tasks
        self._runs: dict[Any, TaskRun] = {}
        self._next: deque[Any] = deque()
        for run in runs:
            self.add(run)

    def add(self, run: Any) -> None:
        """Add a run, or a result of one; a run that has left the queue may be added again."""
        row: TaskRun = run if isinstance(run, TaskRun) else run.run
        self._runs.setdefault(row.pk, row)

    @property
    def _using(self) -> str:
        first = next(iter(self._runs.values()), None)
        return (first._state.db if first is not None else None) or router.db_for_write(TaskRun)

    def __len__(self) -> int:
        return len(self._runs)

    def get(self) -> TaskRun | None:
        """Take out and return the next run that may begin, or has ended already; None if all others are blocked."""
        if not self._next:
            self._next.extend(self._free(self._runs))
        while self._next:
            run = self._runs.pop(self._next.popleft(), None)
            if run is not None:
                run.refresh_from_db()
                return run
        return None

    def run(self, runstate: Any = None, once: bool = False) -> Iterator[TaskRun]:
        """Execute what may begin, yielding each run afterwards, until nothing may; with ``once``, the first only.

        One that has ended already is yielded as it is. ``runstate`` is asked before each run, and ends the loop: an
        object with ``cancelled``, or an Event that is set. A run that is to be tried again joins the queue again.
        """
        performer: Performer | None = None
        try:
            while not _is_cancelled(runstate) and (run := self.get()) is not None:
                performer = performer or Performer(str(run._state.db))
                self._execute(run, performer)
                yield run
                if once:
                    return
        finally:
            if performer is not None:
                performer.leave()

    def _execute(self, run: TaskRun, performer: Performer) -> None:
        if not run.is_final:
            try:
                dispatch(run, performer)
            except (BlockedError, IllegalTransition, StaleState):
                run.refresh_from_db()  # somebody else was faster, or has blocked it
        if not run.is_final:
            self.add(run)
            return
        dependents = list(_dependents(run))
        if self.run_dependent_tasks:
            for dependent in dependents:
                self.add(dependent)
        here = [each.pk for each in dependents if each.pk in self._runs]
        # Only what this end may have freed; a look at all follows when nothing is left.
        self._next.extend(self._free(here))

    def _free(self, ids: Iterable[Any]) -> list[Any]:
        found: set[Any] = set()
        wanted = [each for each in ids if each not in self._next]
        for some in batches(wanted):
            tried_and_not_due = Q(started_at__isnull=False, run_at__gt=DatabaseNow()) & FREE
            rows = TaskRun.objects.using(self._using).filter(pk__in=some).exclude(tried_and_not_due)
            found.update(rows.filter(FREE | Q(state__in=list(FINAL))).values_list("pk", flat=True))
        return [each for each in wanted if each in found]

    def as_dot(self, name: str = "", follow_blocking: bool = False) -> str:
        """Return the runs and their prerequisites as Graphviz source; with ``follow_blocking``, all dependents too."""
        rows = {row.pk: row for row in self._shown(follow_blocking)}
        nodes = [Node(str(pk), row.label or row.task.name, row.state) for pk, row in rows.items()]
        edges: list[Edge] = []
        for some in batches(list(rows)):
            between = RunPrerequisite.objects.using(self._using).filter(run_id__in=some).order_by("pk")
            columns = ("prerequisite_id", "run_id", "condition", "prerequisite__state")
            edges += [_edge(*row) for row in between.values_list(*columns)]
        return str(to_dot(Graph(tuple(nodes), tuple(edges), name)).source)

    def _shown(self, follow_blocking: bool) -> list[TaskRun]:
        rows: dict[Any, TaskRun] = {}
        frontier = list(self._runs)
        while frontier:
            for some in batches(frontier):
                rows |= TaskRun.objects.using(self._using).select_related("task").in_bulk(some)
            if not follow_blocking:
                break
            edges = RunPrerequisite.objects.using(self._using).filter(prerequisite_id__in=frontier)
            below = edges.values_list("run_id", flat=True)
            frontier = [each for each in dict.fromkeys(below) if each not in rows]
        return [rows[each] for each in rows]


def _edge(before: Any, run: Any, condition: str, state: str) -> Edge:
    found = standing(Condition(condition), RunState(state))
    return Edge(str(before), str(run), condition, found.value)


def _dependents(run: TaskRun) -> QuerySet[TaskRun]:
    return TaskRun.objects.using(run._state.db).filter(prerequisite_edges__prerequisite=run.pk).order_by("pk")


def _is_cancelled(runstate: Any) -> bool:
    cancelled = getattr(runstate, "cancelled", None)
    if cancelled is None and hasattr(runstate, "is_set"):
        cancelled = runstate.is_set
    return bool(cancelled() if callable(cancelled) else cancelled)

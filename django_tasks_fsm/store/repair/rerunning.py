"""Plan to run something again, with what was computed from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from django.utils.translation import gettext

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import UnknownPrerequisite
from django_tasks_fsm.models import RunPrerequisite
from django_tasks_fsm.models.cascade import WAITING
from django_tasks_fsm.store.ancestry import edges_below
from django_tasks_fsm.store.repair.record import Plan, Step, exact, step
from django_tasks_fsm.store.repair.rows import Row, bearers, rows_of

AGAIN: Mapping[RunState, str] = {
    RunState.DONE: "rerun",
    RunState.FAILED: "retry",
    RunState.CANCELLED: "retry",
    RunState.SKIPPED: "retry",
}
"""The events by which ended runs begin a new life."""

Causes = Mapping[uuid.UUID, uuid.UUID]
"""The runs that a plan reaches, in its order, each with the one through which."""


def plan_rerun(run_id: uuid.UUID, using: str, downstream: bool = True) -> Plan:
    """Plan to rerun a DONE run, or to retry one that ended otherwise, and all that was computed from it.

    Without ``downstream`` the run alone begins anew, and what has been computed from it stays.
    """
    below = edges_below([run_id], using) if downstream else _directly_below(run_id, using)
    rows = rows_of({run_id, *(run for some in below.values() for run in some)}, using)
    if run_id not in rows:
        raise UnknownPrerequisite(run_id)
    causes = reach([run_id], computed(below, rows), rows)
    sorted_out = _Sorted(rows, causes, run_id, downstream)
    sorted_out.look_at_keys(using)
    parts = {name: tuple(getattr(sorted_out, name)) for name in ("steps", "waiting", "staying", "refused")}
    print_ = exact(parts["steps"], rows, parts["waiting"], parts["staying"], parts["refused"])
    return Plan("rerun", using, print_, partial(plan_rerun, run_id, using, downstream), **parts)


def computed(
    below: Mapping[uuid.UUID, Sequence[uuid.UUID]], rows: Mapping[uuid.UUID, Row]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Return what stands below each run but the runs of its own key: these follow it, and have nothing from it."""
    return {run: [one for one in some if not _follows(rows.get(one), rows.get(run))] for run, some in below.items()}


def _follows(row: Row | None, other: Row | None) -> bool:
    return row is not None and other is not None and row.given_key is not None and row.given_key == other.given_key


def reach(
    roots: Iterable[uuid.UUID], below: Mapping[uuid.UUID, Sequence[uuid.UUID]], rows: Mapping[uuid.UUID, Row]
) -> dict[uuid.UUID, uuid.UUID]:
    """Return all runs below ``roots`` and these, nearest first. Nothing is reached through one that is ABORTED."""
    found = {root: root for root in roots}
    layer = list(found)
    while layer:
        through = [run for run in layer if rows[run].state is not RunState.ABORTED]
        fresh = {run: one for one in reversed(through) for run in below.get(one, ()) if run not in found}
        found |= {run: fresh[run] for run in sorted(fresh)}
        layer = sorted(fresh)
    return found


def _directly_below(run_id: uuid.UUID, using: str) -> dict[uuid.UUID, list[uuid.UUID]]:
    edges = RunPrerequisite.objects.using(using).filter(prerequisite_id=run_id)
    return {run_id: list(edges.values_list("run_id", flat=True))}


class _Sorted:
    """Sort the runs that are reached by what becomes of them."""

    def __init__(self, rows: Mapping[uuid.UUID, Row], causes: Causes, root: uuid.UUID, downstream: bool) -> None:
        self.rows, self.causes, self.downstream = rows, causes, downstream
        self.steps: list[Step] = []
        self.waiting: list[Step] = []
        self.staying: list[Step] = []
        self.refused: list[Step] = []
        for run_id in causes:
            sort = self._root if run_id == root else self._below
            sort(rows[run_id])

    def _root(self, row: Row) -> None:
        if row.state in AGAIN:
            self.steps.append(step(row, AGAIN[row.state], gettext("It was chosen.")))
        else:
            self.refused.append(step(row, "", not_again(row.state)))

    def _below(self, row: Row) -> None:
        cause = {"name": self.rows[self.causes[row.id]].name}
        if row.state in WAITING:
            self.waiting.append(step(row, "", gettext("Its prerequisite %(name)s runs again.") % cause))
        elif not self.downstream:
            text = gettext("It stays with what it had from %(name)s.")
            self.staying.append(step(row, "", text % cause))
        elif row.state is RunState.ABORTED:
            self.staying.append(step(row, "", gettext("It was ended for good; what waits for it stays blocked.")))
        elif row.state is RunState.RUNNING:
            self.refused.append(step(row, "", not_again(row.state)))
        else:
            text = gettext("Its prerequisite %(name)s runs again.")
            self.steps.append(step(row, AGAIN[row.state], text % cause))

    def look_at_keys(self, using: str) -> None:
        """Refuse those whose keys other runs bear."""
        held = bearers([self.rows[each.run] for each in self.steps], using)
        self.refused += [step(self.rows[run], "", key_held(bearer)) for run, bearer in held.items()]
        self.steps = [each for each in self.steps if each.run not in held]


def not_again(state: RunState) -> str:
    """Say why a run in ``state`` cannot begin a new life now, and the way out."""
    if state is RunState.RUNNING:
        return gettext("It is running: wait until it has ended, or cancel it.")
    if state is RunState.ABORTED:
        return gettext("It was ended for good: enqueue a new run.")
    return gettext("It has not run yet: there is nothing to repeat.")


def key_held(bearer: uuid.UUID) -> str:
    """Say that another run bears the key, and the way out."""
    return gettext("Run %(run)s bears its key: wait until that has ended, or cancel it.") % {"run": bearer}

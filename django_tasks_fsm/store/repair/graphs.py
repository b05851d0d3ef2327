"""Plan what is done to a whole graph of runs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import partial

from django.utils.translation import gettext

from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import UNFINISHED, RunState
from django_tasks_fsm.models.cascade import WAITING
from django_tasks_fsm.store.ancestry import edges_below
from django_tasks_fsm.store.repair.effects import Effects
from django_tasks_fsm.store.repair.record import Plan, Step, exact, fingerprint, step
from django_tasks_fsm.store.repair.rerunning import computed, key_held, reach
from django_tasks_fsm.store.repair.rows import Row, bearers, rows_in, rows_of

NOT_RUN = (RunState.CANCELLED, RunState.SKIPPED)


def plan_retry_failed(graph: uuid.UUID | None, using: str, others: bool = False) -> Plan:
    """Plan to retry the FAILED runs of a graph; with ``others`` the CANCELLED and SKIPPED ones too."""
    rows = rows_in(graph, using)
    ended = [row for row in rows.values() if row.state in (RunState.FAILED, *NOT_RUN)]
    chosen = [row for row in ended if others or row.state is RunState.FAILED]
    held = bearers(chosen, using)
    steps = tuple(step(row, "retry", gettext("It was chosen.")) for row in chosen if row.id not in held)
    staying = [step(rows[run], "", key_held(bearer)) for run, bearer in held.items()]
    staying += [step(row, "", gettext("Only failed ones were chosen.")) for row in ended if row not in chosen]
    waiting, passed = _behind(steps, rows, using)
    staying += [each for each in passed if each.run not in {other.run for other in staying}]
    again = partial(plan_retry_failed, graph, using, others)
    print_ = exact(steps, rows, waiting, staying)
    return Plan("retry_failed", using, print_, again, steps=steps, waiting=tuple(waiting), staying=tuple(staying))


def _behind(steps: tuple[Step, ...], rows: Mapping[uuid.UUID, Row], using: str) -> tuple[list[Step], list[Step]]:
    """Return the runs behind the steps that wait for them, and those that have gone on and stay as they are."""
    chosen = {each.run for each in steps}
    below = edges_below(chosen, using)
    known = {**rows, **rows_of(below.keys() - rows.keys(), using)}
    waiting, passed = [], []
    for run, cause in reach(sorted(chosen), computed(below, known), known).items():
        row, name = known[run], {"name": known[cause].name}
        if row.state in WAITING:
            waiting.append(step(row, "", gettext("Its prerequisite %(name)s runs again.") % name))
        elif run not in chosen:
            passed.append(step(row, "", gettext("It stays with what it had from %(name)s.") % name))
    return waiting, passed


def plan_cancel(graph: uuid.UUID | None, using: str) -> Plan:
    """Plan to end every run of a graph that has not started, and to ask the running ones to stop."""
    rows = rows_in(graph, using)
    events = {row.id: "cancel_requested" if row.state is RunState.RUNNING else "cancel" for row in rows.values()}
    steps = tuple(step(row, events[row.id], gettext("It has not ended.")) for row in rows.values() if _is_open(row))
    ended = {each.run: RunState.CANCELLED for each in steps if each.event == "cancel"}
    found = Effects(ended, rows, using)
    return _stop("cancel_graph", steps, found, rows, partial(plan_cancel, graph, using))


def plan_abort(graph: uuid.UUID | None, using: str) -> Plan:
    """Plan to end every run of a graph for good, also those that could be retried."""
    rows = rows_in(graph, using)
    able = RUN_MACHINE.sources("abort")
    steps = tuple(step(row, "abort", _why_aborted(row)) for row in rows.values() if row.state in able)
    ended = {each.run: RunState.ABORTED for each in steps}
    found = Effects(ended, rows, using)
    return _stop("abort_graph", steps, found, rows, partial(plan_abort, graph, using))


def _is_open(row: Row) -> bool:
    return row.state in UNFINISHED


def _why_aborted(row: Row) -> str:
    return gettext("It has not ended.") if _is_open(row) else gettext("It could be retried.")


def _stop(
    verb: str, steps: tuple[Step, ...], found: Effects, rows: Mapping[uuid.UUID, Row], again: partial[Plan]
) -> Plan:
    return Plan(
        verb,
        found.using,
        # The members only: while it runs its states change at every moment, and what has ended needs no stopping.
        fingerprint([verb], rows),
        again,
        steps=steps,
        following=tuple(found.following),
        released=tuple(found.released),
        waiting=tuple(found.waiting),
        staying=tuple(found.blocked),
    )

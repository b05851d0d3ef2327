"""What the transitions tell, against the tables of the machines and against the rows.

Not all changes of a run leave a transition: it is queued, held, claimed and ends well without one. What may happen
untold between two transitions follows from the table, and so does how often a run was claimed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, Lead
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.graph import closure
from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.models.run import TROUBLED
from django_tasks_fsm.models.transitions import QUIET
from django_tasks_fsm.store.check.advice import BY_HAND
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows
from django_tasks_fsm.store.check.states import DONE, RUNNING

UNTOLD = {*QUIET, "dispatch", "done"}
"""Events that may leave no transition."""


def _events(machine: Machine[Any]) -> list[str]:
    return sorted({event for row in machine.table.values() for event in row})


def _edges(machine: Machine[Any]) -> Q:
    wanted = Q()
    for source, event, target in machine.edges():
        wanted |= Q(from_state=source.value, event=event, to_state=target.value)
    return wanted


def _reached() -> dict[frozenset[str], list[str]]:
    """Return the states in which a run may be found untold, with those it was told to be in before."""
    steps = {
        state.value: [target.value for event in UNTOLD & row.keys() for target in row[event]]
        for state, row in RUN_MACHINE.table.items()
    }
    found: dict[frozenset[str], list[str]] = {}
    for state, targets in steps.items():
        if targets:
            found.setdefault(frozenset(closure([state], steps)), []).append(state)
    return found


def _unknown(look: Look, rows: QuerySet[Any]) -> Any:
    # What somebody asks, notes or sets anew leaves a row too, and changes no state.
    same = Q(from_state=F("to_state"))
    of_run = _edges(RUN_MACHINE) | (same & ~Q(event__in=[e for e in _events(RUN_MACHINE) if e != "reschedule"]))
    of_task = _edges(TASK_MACHINE) | (same & ~Q(event__in=[e for e in _events(TASK_MACHINE) if e != "reschedule"]))
    known = Q(run__isnull=False, task=None) & of_run | Q(run=None, task__isnull=False) & of_task
    return rows.exclude(known)


def _torn(look: Look, rows: QuerySet[Any]) -> Any:
    # Of those that change nothing some are written without a lock, and may stand behind the end.
    told = rows.filter(run__isnull=False, event__in=_events(RUN_MACHINE))
    return _followed(told, "run").filter(_not_followed_by(_reached(), "run"))


def _task_torn(look: Look, rows: QuerySet[Any]) -> Any:
    told = rows.filter(task__isnull=False).exclude(from_state=F("to_state"))
    return _followed(told, "task").filter(_not_followed_by({}, "task"))


def _followed(told: QuerySet[Any], owner: str) -> Any:
    following = Window(Lead("from_state"), partition_by=[F(f"{owner}_id")], order_by=[F("id")])
    return told.annotate(following=following)


def _not_followed_by(reached: Mapping[frozenset[str], Collection[str]], owner: str) -> Q:
    """Return the condition that the next event, or behind the last one the row, is in another state.

    ``reached`` maps states to others that may have been reached untold.
    """
    state, is_last = f"{owner}__state", Q(following=None)
    wrong = Q()
    for some, sources in reached.items():
        last, between = Q(**{f"{state}__in": sorted(some)}), Q(following__in=sorted(some))
        wrong |= Q(to_state__in=sorted(sources)) & ((is_last & ~last) | (~is_last & ~between))
    same = (is_last & ~Q(to_state=F(state))) | (~is_last & ~Q(to_state=F("following")))
    return wrong | (~Q(to_state__in=sorted(source for some in reached.values() for source in some)) & same)


def _untold(look: Look, runs: QuerySet[Any]) -> Any:
    told = Transition.objects.using(look.using).filter(run_id=OuterRef("pk"), to_state=OuterRef("state"))
    return runs.filter(~Exists(told), state__in=TROUBLED)


def _miscounted(look: Look, runs: QuerySet[Any]) -> Any:
    """Return the runs whose fence is not the number of their claims.

    Each claim ended by a transition, or well and untold, or lasts. DONE was left as often as its state was entered,
    but for the last time, so the untold ends follow from those who left it.
    """
    left = When(Q(from_state=RUNNING) & ~Q(to_state__in=[RUNNING, DONE]), then=1)
    begun_anew = When(Q(from_state=DONE) & ~Q(to_state=DONE), then=1)
    told_end = When(~Q(from_state__in=[RUNNING, DONE]), to_state=DONE, then=-1)
    weight = Case(left, begun_anew, told_end, default=0, output_field=IntegerField())
    told = Transition.objects.using(look.using).filter(run_id=OuterRef("pk")).order_by().values("run_id")
    ends = Coalesce(Subquery(told.annotate(ends=Sum(weight)).values("ends")), 0)
    last = Case(When(state__in=[RUNNING, DONE], then=Value(1)), default=Value(0))
    return runs.annotate(claims=ends + last).exclude(fence=F("claims"))


RULES = (
    Invariant(
        "H201",
        _("Every event in the history is one of the state machine, from and to the states of its table."),
        _("Somebody wrote a state, or the history, past the state machine."),
        BY_HAND,
        Rows(Transition, "transition", _unknown, ("run_id", "task_id", "event", "from_state", "to_state")),
    ),
    Invariant(
        "H202",
        _("The history of a run has no gap, and leads to its state: each life ends once."),
        _("Its state was changed past the state machine, or part of its history is gone."),
        BY_HAND,
        Rows(Transition, "run", _torn, ("event", "to_state", "following", "run__state"), by="run_id"),
    ),
    Invariant(
        "H203",
        _("The history of a task has no gap, and leads to its state."),
        _("Its state was changed past the state machine, or part of its history is gone."),
        BY_HAND,
        Rows(Transition, "task", _task_torn, ("event", "to_state", "following", "task__state"), by="task_id"),
    ),
    Invariant(
        "H204",
        _("The history of a run that ended badly says who ended it, and why."),
        _("Its state was changed past the state machine, or its history is gone."),
        BY_HAND,
        Rows(TaskRun, "run", _untold, ("state",)),
    ),
    Invariant(
        "H205",
        _("The fence of a run is the number of its claims."),
        _("One that is too low lets a late worker write over another one; one that is too high tells of a lost claim."),
        BY_HAND,
        Rows(TaskRun, "run", _miscounted, ("state", "fence", "claims")),
    ),
)

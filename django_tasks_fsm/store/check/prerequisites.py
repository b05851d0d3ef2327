"""Edges between runs: counted, met and carried out as their prerequisites have ended."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.prerequisites import EVENTS, SATISFYING, Condition, OnFailure
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun, Transition
from django_tasks_fsm.store.check.advice import COUNT_ANEW, RESTORE
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows, Where
from django_tasks_fsm.store.check.run_cycles import in_cycles
from django_tasks_fsm.store.check.states import DONE, ENDED, GOING, RUNNING, UNSTARTED
from django_tasks_fsm.store.prune import REVIVABLE

IGNORE = OnFailure.IGNORE.value
EDGE = ("run_id", "prerequisite_id", "condition", "on_failure", "prerequisite__state")


def _met() -> Q:
    """Return the condition that the state of the prerequisite is what the edge asks for."""
    wanted = Q(on_failure=IGNORE, prerequisite__state__in=ENDED)
    for condition, states in SATISFYING.items():
        wanted |= Q(condition=condition.value, prerequisite__state__in=sorted(state.value for state in states))
    return wanted


def _could_have_been_met() -> Q:
    """Return the condition that it is so, or was so in the same life: FAILED may be resolved, and both aborted."""
    failed = [RunState.FAILED.value, RunState.ABORTED.value, DONE]
    return (
        Q(on_failure=IGNORE, prerequisite__state__in=ENDED)
        | Q(condition=Condition.DONE.value, prerequisite__state=DONE)
        | Q(condition=Condition.FINISHED.value, prerequisite__state__in=ENDED)
        | Q(condition=Condition.FAILED.value, prerequisite__state__in=failed)
    )


def _revived(look: Look, end: str) -> Exists:
    """Tell whether the run at this end of an edge went on, or was changed, after it had ended."""
    told = Transition.objects.using(look.using).filter(run_id=OuterRef(end), from_state__in=ENDED)
    return Exists(told.exclude(to_state=F("from_state")))


def _miscounted(look: Look, runs: QuerySet[Any]) -> Any:
    # Of a run that is DONE or ABORTED for good, prerequisites may have been pruned with their edges.
    edges = RunPrerequisite.objects.using(look.using).filter(run_id=OuterRef("pk"), met=False).order_by()
    number = Subquery(edges.values("run_id").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return runs.filter(state__in=REVIVABLE).annotate(unmet=Coalesce(number, 0)).exclude(waiting_on=F("unmet"))


def _lost_wake_ups(look: Look, edges: QuerySet[Any]) -> Any:
    return edges.filter(_met(), met=False)


def _met_too_soon(look: Look, edges: QuerySet[Any]) -> Any:
    return edges.filter(met=True, run__state__in=GOING).exclude(_could_have_been_met())


def _begun_before(look: Look, edges: QuerySet[Any]) -> Any:
    # Only where both are in their first life: afterwards the times of the other lives are not there any more.
    begun = edges.filter(met=True, run__state__in=[RUNNING, DONE], prerequisite__state__in=ENDED)
    early = begun.filter(run__started_at__lt=F("prerequisite__finished_at"))
    return early.filter(~_revived(look, "prerequisite_id"), ~_revived(look, "run_id"))


def _not_carried_out(look: Look, edges: QuerySet[Any]) -> Any:
    # A person's retry lets it wait all the same.
    broken = edges.filter(met=False, on_failure__in=list(EVENTS), prerequisite__state__in=ENDED).exclude(_met())
    return broken.filter(~_revived(look, "run_id"), run__state__in=UNSTARTED)


def _edges(build: Any) -> Rows:
    return Rows(RunPrerequisite, "edge", build, (*EDGE, "run__state"))


RULES = (
    Invariant(
        "P301",
        _("A run waits for as many prerequisites as have edges that are not met."),
        _("It waits for ever, or begins too early."),
        COUNT_ANEW,
        Rows(TaskRun, "run", _miscounted, ("state", "waiting_on", "unmet")),
    ),
    Invariant(
        "P302",
        _("No edge is unmet whose prerequisite has ended as it asks."),
        _("The run waits for what has happened already."),
        _("Settle its prerequisite anew, as the how-to about the check shows."),
        _edges(_lost_wake_ups),
    ),
    Invariant(
        "P303",
        _("An edge of an unfinished run is met only if its prerequisite has ended as it asks."),
        _("The run begins, or began, without the result that it reads."),
        _("Rerun the prerequisite: the run waits for it then."),
        _edges(_met_too_soon),
    ),
    Invariant(
        "P304",
        _("A run that waits for prerequisites is neither queued nor in line."),
        _("A worker may begin it before they have ended."),
        COUNT_ANEW,
        Where(
            TaskRun,
            "run",
            Q(waiting_on__gt=0) & (Q(state=RunState.QUEUED.value) | Q(line=Place.IN_LINE.value)),
            ("state", "waiting_on", "line"),
        ),
    ),
    Invariant(
        "P305",
        _("No run began before its prerequisites had ended."),
        _("It may have computed with what was not there yet. Or the database's clock was set back in between."),
        _("Rerun it, if its result depends on theirs."),
        _edges(_begun_before),
    ),
    Invariant(
        "P306",
        _("A run that a broken prerequisite should end does not wait for it."),
        _("The policy of the edge was not carried out, and the run waits for ever."),
        _("Settle its prerequisite anew, as the how-to about the check shows."),
        _edges(_not_carried_out),
    ),
    Invariant(
        "P307",
        _("Every condition and every policy of an edge is one that there is."),
        _("The prerequisite cannot end: whoever settles the edge fails."),
        RESTORE,
        Where(
            RunPrerequisite,
            "edge",
            ~Q(condition__in=[one.value for one in Condition]) | ~Q(on_failure__in=[one.value for one in OnFailure]),
            ("run_id", "prerequisite_id", "condition", "on_failure"),
        ),
    ),
    Invariant(
        "P308",
        _("No run waits for itself, not even by way of others."),
        _("None of these runs will ever begin."),
        _("Delete one of the edges by hand, then count anew for the run that had waited."),
        in_cycles,
    ),
)

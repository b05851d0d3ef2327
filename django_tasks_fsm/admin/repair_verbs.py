"""What people may do to several runs at once, seen from one: the page of each shows the plan first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from django_tasks_fsm import repair
from django_tasks_fsm.admin.repair_forms import ResolveForm, RetryFailedForm
from django_tasks_fsm.admin.verbs import Verb, in_states
from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair(Verb):
    """A verb that shows its plan and does exactly that; ``plan`` gets the run, what the form says and the database."""

    plan: Callable[[TaskRun, Mapping[str, Any], str], repair.Plan]


def _act(rows: QuerySet[Any], actor: Actor, said: Mapping[str, Any]) -> Report:
    return repair.act(said["plan"], actor=actor, reason=said["reason"])


def _is_in_graph(run: Any) -> bool:
    return run.graph is not None


_RUNS = ngettext_lazy("%(count)d run begins anew", "%(count)d runs begin anew", "count")

RERUN = Repair(
    name="rerun",
    label=_("Rerun from here"),
    effect=_("The run is executed once more, and after it all that was computed from its result."),
    permission="retry_run",
    fits=in_states(*RUN_MACHINE.sources("rerun")),
    act=_act,
    question=ngettext_lazy("Rerun %(count)d run?", "Rerun %(count)d runs?", "count"),
    done=_RUNS,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_rerun(run.pk, using),
)
RETRY_DOWNSTREAM = Repair(
    name="retry-downstream",
    label=_("Retry with downstream"),
    effect=_("The run is retried, and after it all that had gone on, or ended, without its result."),
    permission="retry_run",
    fits=in_states(RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED),
    act=_act,
    question=ngettext_lazy("Retry %(count)d run?", "Retry %(count)d runs?", "count"),
    done=_RUNS,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_rerun(run.pk, using),
)
RESOLVE = Repair(
    name="resolve",
    label=_("Resolve"),
    effect=_("The run counts as done, with the result that you give here. What waits for it goes on with that."),
    permission="resolve_run",
    fits=in_states(*RUN_MACHINE.sources("resolve")),
    act=_act,
    question=ngettext_lazy("Resolve %(count)d run?", "Resolve %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run resolved", "%(count)d runs resolved", "count"),
    form=ResolveForm,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_resolve(run.pk, said.get("value"), using),
)
SKIP = Repair(
    name="skip",
    label=_("Skip"),
    effect=_("The run is left out. What that means for those that wait for it each link says."),
    permission="cancel_run",
    fits=in_states(*RUN_MACHINE.sources("skip")),
    act=_act,
    question=ngettext_lazy("Skip %(count)d run?", "Skip %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run skipped", "%(count)d runs skipped", "count"),
    is_grave=True,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_skip(run.pk, using),
)
RETRY_FAILED = Repair(
    name="retry-failed",
    label=_("Retry all failed"),
    effect=_("Every failed run of this graph is retried. What waits for them goes on by itself."),
    permission="retry_run",
    fits=_is_in_graph,
    act=_act,
    question=ngettext_lazy("Retry %(count)d run?", "Retry %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run retried", "%(count)d runs retried", "count"),
    form=RetryFailedForm,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_retry_failed(_graph(run), using, others=bool(said.get("others"))),
)
CANCEL_GRAPH = Repair(
    name="cancel-graph",
    label=_("Cancel graph"),
    effect=_("What has not started in this graph ends here. What is running is asked to stop."),
    permission="cancel_run",
    fits=_is_in_graph,
    act=_act,
    question=ngettext_lazy("Cancel %(count)d run?", "Cancel %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run cancelled", "%(count)d runs cancelled", "count"),
    is_grave=True,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_cancel(_graph(run), using),
)
ABORT_GRAPH = Repair(
    name="abort-graph",
    label=_("Abort graph"),
    effect=_("This is the end of this graph for good: what has not succeeded in it cannot be retried."),
    permission="cancel_run",
    fits=_is_in_graph,
    act=_act,
    question=ngettext_lazy("Abort %(count)d run?", "Abort %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run aborted", "%(count)d runs aborted", "count"),
    is_grave=True,
    is_listed=False,
    plan=lambda run, said, using: repair.plan_abort(_graph(run), using),
)


def _graph(run: TaskRun) -> Any:
    return run.graph


REPAIRS = (RERUN, RETRY_DOWNSTREAM, RESOLVE, SKIP, RETRY_FAILED, CANCEL_GRAPH, ABORT_GRAPH)

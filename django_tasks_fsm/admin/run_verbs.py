"""What people may do to runs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from django_tasks_fsm.admin.repair_verbs import REPAIRS
from django_tasks_fsm.admin.verb_forms import WhenForm
from django_tasks_fsm.admin.verbs import Verb, by_queryset, in_states
from django_tasks_fsm.core.machine import RUN_MACHINE
from django_tasks_fsm.core.states import FINAL, RunState

_BY_A_WORKER = (RunState.RUNNING,)
"""``retry`` and ``reschedule`` of a RUNNING run are its worker's; people do them to the others."""


def _people(event: str) -> list[RunState]:
    return [state for state in RUN_MACHINE.sources(event) if state not in _BY_A_WORKER]


RETRY = Verb(
    name="retry",
    label=_("Retry"),
    effect=_("Attempts are counted afresh. Whatever waits for the outcome waits for the new one."),
    permission="retry_run",
    fits=in_states(*[state for state in _people("retry") if state in FINAL]),
    act=by_queryset("retry"),
    question=ngettext_lazy("Retry this run?", "Retry these %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run retried", "%(count)d runs retried", "count"),
)
PREPARED = Verb(
    name="prepared",
    label=_("Let go"),
    effect=_("Preparation ends: the start comes as soon as the time has come and the prerequisites are met."),
    permission="retry_run",
    fits=in_states(*RUN_MACHINE.sources("prepared")),
    act=by_queryset("prepared"),
    question=ngettext_lazy("Let this run go?", "Let these %(count)d runs go?", "count"),
    done=ngettext_lazy("%(count)d run let go", "%(count)d runs let go", "count"),
)
RESCHEDULE = Verb(
    name="reschedule",
    label=_("Reschedule"),
    effect=_("Another time becomes the due time. One that has passed means at once."),
    permission="retry_run",
    fits=in_states(*_people("reschedule")),
    act=by_queryset("reschedule"),
    question=ngettext_lazy("Reschedule this run?", "Reschedule these %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run rescheduled", "%(count)d runs rescheduled", "count"),
    form=WhenForm,
)
CANCEL = Verb(
    name="cancel",
    label=_("Cancel"),
    effect=_("What has not started ends here. What is running is asked to stop, and does so at its next check."),
    permission="cancel_run",
    fits=in_states(*RUN_MACHINE.sources("cancel")),
    act=by_queryset("cancel"),
    question=ngettext_lazy("Cancel this run?", "Cancel these %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run cancelled", "%(count)d runs cancelled", "count"),
    blocks_dependents=True,
    is_grave=True,
)
ABORT = Verb(
    name="abort",
    label=_("Abort"),
    effect=_("This is the end for good: there is no retry. What a worker still does for it is thrown away."),
    permission="cancel_run",
    fits=in_states(*RUN_MACHINE.sources("abort")),
    act=by_queryset("abort"),
    question=ngettext_lazy("Abort this run?", "Abort these %(count)d runs?", "count"),
    done=ngettext_lazy("%(count)d run aborted", "%(count)d runs aborted", "count"),
    blocks_dependents=True,
    is_grave=True,
)

RUN_VERBS: tuple[Verb, ...] = (RETRY, PREPARED, RESCHEDULE, CANCEL, ABORT, *REPAIRS)

"""Places in line, as the limits of the tasks allow them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, IntegerField, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects.holds import where
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.line import HOLDING
from django_tasks_fsm.store.check.advice import NOTHING, RETRY_OR_ABORT
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows, Where

HELD = [RunState.QUEUED.value, RunState.RUNNING.value]
OVERFULL = _(
    "A limit was lowered, or made, while runs were going; or somebody began one that does not stand in line, by "
    "dispatch(), make() or a worker's start. Otherwise the limit does not hold."
)


def _fits() -> Q:
    in_line = Q(limited=True, line=Place.IN_LINE.value, state=RunState.PENDING.value)
    held = Q(limited=True, line=Place.HELD.value, state__in=HELD)
    return Q(line=Place.OUTSIDE.value) | in_line | held


def _full_tasks(look: Look, runs: QuerySet[Any]) -> Any:
    rows = where(runs, HOLDING).filter(task__max_instances__isnull=False)
    return rows.values("task_id").annotate(held=Count("pk"), most=Max("task__max_instances")).filter(held__gt=F("most"))


def _full_keys(look: Look, runs: QuerySet[Any]) -> Any:
    rows = where(runs, HOLDING).filter(concurrency_key__isnull=False).values("concurrency_key")
    most = Max(Coalesce("task__concurrency", 1, output_field=IntegerField()))
    return rows.annotate(held=Count("pk"), most=most).filter(held__gt=F("most"))


RULES = (
    Invariant(
        "L401",
        _("The place of a run in line is one that its state has."),
        _("It holds a slot of a limit that it does not need, and others wait for it."),
        RETRY_OR_ABORT,
        Where(TaskRun, "run", ~_fits(), ("state", "limited", "line")),
    ),
    Invariant(
        "L402",
        _("A run with limits that is queued or running holds a slot."),
        _("It is not counted: more may be going at once than the limit allows."),
        RETRY_OR_ABORT,
        Where(TaskRun, "run", Q(limited=True, state__in=HELD) & ~Q(line=Place.HELD.value), ("state", "line")),
    ),
    Invariant(
        "L403",
        _("A run with a concurrency key stands in line."),
        _("It is queued past the limit of its key."),
        RETRY_OR_ABORT,
        Where(TaskRun, "run", Q(concurrency_key__isnull=False, limited=False), ("state", "concurrency_key")),
    ),
    Invariant(
        "L404",
        _("No more runs of a task hold a slot than it allows at once."),
        OVERFULL,
        NOTHING,
        Rows(TaskRun, "task", _full_tasks, ("held", "most"), by="task_id"),
        is_note=True,
    ),
    Invariant(
        "L405",
        _("No more runs with one concurrency key hold a slot than their tasks allow at once."),
        OVERFULL,
        NOTHING,
        Rows(TaskRun, "concurrency key", _full_keys, ("held", "most"), by="concurrency_key"),
        is_note=True,
    ),
)

"""Keys and slots: what there may be one of."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.check.advice import BY_HAND, NOTHING, RESTORE, RETRY_OR_ABORT
from django_tasks_fsm.store.check.gaps import gaps
from django_tasks_fsm.store.check.invariant import Each, Invariant, Look, Rows, Where
from django_tasks_fsm.store.check.states import ENDED


def _keys(look: Look, runs: QuerySet[Any]) -> Any:
    return runs.filter(key__isnull=False).values("key").annotate(runs=Count("*")).filter(runs__gt=1)


def _slots(look: Look, runs: QuerySet[Any]) -> Any:
    planned = runs.filter(scheduled_for__isnull=False).values("task_id", "scheduled_for")
    return planned.annotate(runs=Count("*")).filter(runs__gt=1)  # of the rows, so that the index alone answers


RULES = (
    Invariant(
        "K501",
        _("A key is borne by one run."),
        _("The unique index is missing or damaged: what should be done once is done twice."),
        RESTORE,
        Rows(TaskRun, "key", _keys, ("runs",), by="key"),
    ),
    Invariant(
        "K502",
        _("A run that has ended bears no key."),
        _("Nothing can be enqueued with this key."),
        RETRY_OR_ABORT,
        Where(TaskRun, "run", Q(state__in=ENDED, key__isnull=False), ("state", "key")),
    ),
    Invariant(
        "K503",
        _("The key that a run bears is the one that it was given."),
        _("A retry would give it another one."),
        BY_HAND,
        Where(
            TaskRun,
            "run",
            Q(key__isnull=False) & (Q(given_key=None) | ~Q(key=F("given_key"))),
            ("state", "key", "given_key"),
        ),
    ),
    Invariant(
        "K504",
        _("A time of a schedule has one run."),
        _("The unique index is missing or damaged: a schedule fires twice."),
        RESTORE,
        Rows(TaskRun, "task", _slots, ("scheduled_for", "runs"), by="task_id"),
    ),
    Invariant(
        "K505",
        _("Where all missed times are made up for, none is missing between two of its runs."),
        _("The run was deleted, or lies beyond the cap of missed times. Otherwise a time was lost."),
        NOTHING,
        Each(gaps),
        is_note=True,
    ),
)

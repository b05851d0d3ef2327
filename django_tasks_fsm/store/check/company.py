"""What belongs to a run beside its row: children, messages, ticks, lines of its log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from django_tasks_fsm.models import Message, RunChild, RunLog, ServiceTicks, TaskRun
from django_tasks_fsm.store.check.advice import BY_HAND, WORKERS
from django_tasks_fsm.store.check.invariant import Invariant, Look, Rows, Where
from django_tasks_fsm.store.check.states import ENDED, GOING

LEASES = 2
"""After so many leases a worker that lives has looked at all children."""


def _long_ago(look: Look) -> datetime:
    return look.now - LEASES * look.lease


def _untold(look: Look, bonds: QuerySet[Any]) -> Any:
    ended = bonds.filter(closed_at=None, run__state__in=ENDED, run__finished_at__lt=_long_ago(look))
    return ended if look.is_looked_after else bonds.none()


def _orphaned(look: Look, bonds: QuerySet[Any]) -> Any:
    orphans = bonds.filter(closed_at=None, run__state__in=GOING, run__cancel_requested_at=None)
    ended = orphans.filter(parent__state__in=ENDED, parent__finished_at__lt=_long_ago(look))
    return ended if look.is_looked_after else bonds.none()


def _misnumbered(look: Look, messages: QuerySet[Any]) -> Any:
    delivered = Max("number", filter=Q(delivered_at__isnull=False))
    waiting = Min("number", filter=Q(delivered_at=None))
    told = messages.values("run_id").annotate(
        messages=Count("pk"), last=Max("number"), delivered=delivered, waiting=waiting
    )
    return told.filter(~Q(last=F("messages")) | Q(delivered__gt=F("waiting")))


def _stray(look: Look, lines: QuerySet[Any]) -> Any:
    claimed = TaskRun.objects.using(look.using).filter(pk=OuterRef("run_id"), fence__gte=OuterRef("fence"))
    return lines.filter(~Exists(claimed))


RULES = (
    Invariant(
        "C801",
        _("A run has been told of the end of its children."),
        _("It waits for a message that does not come."),
        WORKERS,
        Rows(RunChild, "child", _untold, ("parent_id", "run__state")),
    ),
    Invariant(
        "C802",
        _("The children of a run that has ended are asked to stop."),
        _("They go on, although nobody waits for them."),
        WORKERS,
        Rows(RunChild, "child", _orphaned, ("parent_id", "parent__state", "run__state")),
    ),
    Invariant(
        "C803",
        _("The messages of a run are numbered without a gap, and handed over in their order."),
        _("One was lost, or came too early."),
        BY_HAND,
        Rows(Message, "run", _misnumbered, ("messages", "last", "delivered", "waiting"), by="run_id"),
    ),
    Invariant(
        "C804",
        _("The next tick of a service comes after its last one."),
        _("The service ticks for one time twice, or not at all."),
        BY_HAND,
        Where(
            ServiceTicks,
            "service",
            Q(next_tick_at__lte=F("last_slot")) | Q(ticks__gt=0, last_tick_at=None),
            ("ticks", "last_tick_at", "last_slot", "next_tick_at"),
        ),
    ),
    Invariant(
        "C805",
        _("Every line of a log belongs to a claim of a run that is there."),
        _("Nobody sees the line, and pruning leaves it behind."),
        _("Delete these lines."),
        Rows(RunLog, "line", _stray, ("run_id", "fence")),
    ),
)

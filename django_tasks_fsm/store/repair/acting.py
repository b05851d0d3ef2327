"""Do what a plan says, all of it or nothing."""

from __future__ import annotations

from django.db import IntegrityError, connections, transaction
from django.db.models import F

from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import PlanChanged, PlanRefused
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.run_verbs import cancel, move_together
from django_tasks_fsm.models.settling import lock_in_order
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change
from django_tasks_fsm.store.repair.record import Plan

REVIVING = ("rerun", "retry")
TRIES = 5


def act(plan: Plan, *, actor: Actor = Actor.system(), reason: str = "") -> Report:
    """Do exactly what ``plan`` says, in one transaction, and return what moved.

    Raise PlanChanged, which carries the plan as it is now, when that is another one, and PlanRefused when a run of it
    is in the way; then nothing has been done.
    """
    return in_transaction(lambda: _act(plan, actor, reason), plan.using)


def act_anyway(plan: Plan, *, actor: Actor = Actor.system(), reason: str = "") -> Plan:
    """Do what ``plan`` says, or what it has become meanwhile, and return the plan that was carried out."""
    for tries_left in reversed(range(TRIES)):
        try:
            act(plan, actor=actor, reason=reason)
        except PlanChanged as changed:
            if not tries_left:
                raise
            plan = changed.plan
        else:
            break
    return plan


def _act(plan: Plan, actor: Actor, reason: str) -> Report:
    connection = connections[plan.using]
    for_alias(plan.using).lock_for_writing(connection.ops.quote_name(TaskRun._meta.db_table))
    lock_in_order({each.run for each in plan.all}, plan.using)
    fresh = plan.again()
    if fresh.fingerprint != plan.fingerprint:
        raise PlanChanged(fresh)
    if fresh.refused:
        raise PlanRefused(fresh)
    try:
        with transaction.atomic(using=plan.using):
            return _carry_out(fresh, actor, reason)
    except IntegrityError:
        # Somebody has enqueued a run with a key of these at this moment.
        raise PlanChanged(plan.again()) from None


def _carry_out(plan: Plan, actor: Actor, reason: str) -> Report:
    if plan.verb == "cancel_graph":
        moved, asked = cancel(plan.pks("cancel", "cancel_requested"), actor, reason, plan.using)
        return Report(moved, len(asked))
    events = sorted({each.event for each in plan.steps})
    moved = move_together([(plan.pks(event), _change(event, plan, actor, reason)) for event in events], plan.using)
    return Report(moved, waiting=len(plan.waiting) if {*events} & {*REVIVING} else 0)


def _change(event: str, plan: Plan, actor: Actor, reason: str) -> Change:
    if event in REVIVING:
        # Each bears the key again that it bore in its old life.
        return Change(event, actor, reason, values={"key": F("given_key")}, only_from=tuple(FINAL))
    if event == "resolve":
        return Change(event, actor, reason, values={"result": plan.value, "error": ""}, only_from=(RunState.FAILED,))
    return Change(event, actor, reason)

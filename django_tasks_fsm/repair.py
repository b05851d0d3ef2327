"""Repair graphs of runs.

A plan says by name what would happen to which run and why; ``act`` does that and nothing else. The functions below plan
and act in one call; None, the graph of a run without one, has no runs.
"""

from __future__ import annotations

import uuid

from django.db import router

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.store.repair import (
    Plan,
    Step,
    act,
    act_anyway,
    plan_abort,
    plan_cancel,
    plan_rerun,
    plan_resolve,
    plan_retry_failed,
    plan_skip,
)

__all__ = [
    "Plan",
    "Step",
    "abort_graph",
    "act",
    "cancel_graph",
    "plan_abort",
    "plan_cancel",
    "plan_rerun",
    "plan_resolve",
    "plan_retry_failed",
    "plan_skip",
    "retry_failed",
]


def retry_failed(
    graph: uuid.UUID | None, *, others: bool = False, actor: Actor = Actor.system(), reason: str = "", using: str = ""
) -> Plan:
    """Retry the FAILED runs of a graph, with ``others`` the CANCELLED and SKIPPED ones too; return what was done."""
    return act_anyway(plan_retry_failed(graph, _alias(using), others), actor=actor, reason=reason)


def cancel_graph(graph: uuid.UUID | None, *, actor: Actor = Actor.system(), reason: str = "", using: str = "") -> Plan:
    """End what has not started in a graph and ask the running ones to stop; return what was done."""
    return act_anyway(plan_cancel(graph, _alias(using)), actor=actor, reason=reason)


def abort_graph(graph: uuid.UUID | None, *, actor: Actor = Actor.system(), reason: str = "", using: str = "") -> Plan:
    """End every run of a graph for good that is not DONE or SKIPPED; return what was done."""
    return act_anyway(plan_abort(graph, _alias(using)), actor=actor, reason=reason)


def _alias(using: str) -> str:
    return using or router.db_for_write(TaskRun)

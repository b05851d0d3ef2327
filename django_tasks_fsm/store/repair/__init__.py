"""Repair graphs of runs: a plan is computed and shown first, and is exactly what then happens."""

from __future__ import annotations

from django_tasks_fsm.store.repair.acting import act, act_anyway
from django_tasks_fsm.store.repair.graphs import plan_abort, plan_cancel, plan_retry_failed
from django_tasks_fsm.store.repair.record import Plan, Step
from django_tasks_fsm.store.repair.rerunning import plan_rerun
from django_tasks_fsm.store.repair.single import plan_resolve, plan_skip

__all__ = [
    "Plan",
    "Step",
    "act",
    "act_anyway",
    "plan_abort",
    "plan_cancel",
    "plan_rerun",
    "plan_resolve",
    "plan_retry_failed",
    "plan_skip",
]

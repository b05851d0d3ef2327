"""All rules, in the order of their codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django_tasks_fsm.store.check import company, dangling, history, holders, keys, limits, prerequisites, states, tasks
from django_tasks_fsm.store.check.invariant import Invariant

RULES: tuple[Invariant, ...] = (
    *states.RULES, *history.RULES, *prerequisites.RULES, *limits.RULES, *keys.RULES, *holders.RULES, *tasks.RULES,
    *company.RULES, *dangling.RULES,
)  # fmt: skip


def of_codes(codes: Collection[str]) -> Sequence[Invariant]:
    """Return the rules whose codes begin with one of these: a letter names a family."""
    return [rule for rule in RULES if rule.code.startswith(tuple(codes))] if codes else RULES

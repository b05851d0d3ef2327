"""When a prerequisite lets its dependent go: the only place that knows."""

from __future__ import annotations

from enum import StrEnum

from django_tasks_fsm.core.states import FINAL, RunState


class Condition(StrEnum):
    """What a dependent asks of a prerequisite."""

    DONE = "done"
    FINISHED = "finished"
    FAILED = "failed"


class Standing(StrEnum):
    """How an edge stands: met, still possible, or no longer possible without a person."""

    MET = "met"
    WAITING = "waiting"
    BROKEN = "broken"


SATISFYING: dict[Condition, frozenset[RunState]] = {
    Condition.DONE: frozenset({RunState.DONE}),
    Condition.FINISHED: FINAL,
    Condition.FAILED: frozenset({RunState.FAILED}),
}
"""States of the prerequisite that meet each condition. CANCELLED, SKIPPED and ABORTED meet only ``finished``."""


def satisfied_by(state: RunState) -> tuple[Condition, ...]:
    """Return the conditions that a prerequisite in ``state`` meets."""
    return tuple(condition for condition, states in SATISFYING.items() if state in states)


def standing(condition: Condition, state: RunState) -> Standing:
    """Return how an edge with ``condition`` stands while its prerequisite is in ``state``."""
    if state in SATISFYING[condition]:
        return Standing.MET
    return Standing.BROKEN if state in FINAL else Standing.WAITING

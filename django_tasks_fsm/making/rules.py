"""What becomes of a run that is to be made while a prerequisite is not as it asks: pure, from states to a verdict."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django_tasks_fsm.core.prerequisites import Condition, OnFailure, Standing, standing
from django_tasks_fsm.core.states import RunState


@dataclass(frozen=True, slots=True)
class Need:
    """An edge of the dependent ``run`` that was not met when it was read."""

    run: uuid.UUID
    prerequisite: uuid.UUID
    condition: Condition
    on_failure: OnFailure


@dataclass(frozen=True, slots=True)
class Verdict:
    """The event that ends the dependent, why, and whose fault it is: a word for these states and their runs."""

    event: str
    reason: str
    word: str
    runs: tuple[uuid.UUID, ...] = ()


FAILED = Verdict("error", "failed prerequisites", "failed")
CANCELLED = Verdict("cancel", "cancelled prerequisites", "cancelled")
IMPOSSIBLE = Verdict("skip", "prerequisites that did not fail", "done")
PREPARED = Verdict("error", "some prerequisites are not done", "not_done")

ORDER = (FAILED, CANCELLED, IMPOSSIBLE, PREPARED)
"""Which counts where several apply."""

POLICIES = {
    OnFailure.FAIL: FAILED,
    OnFailure.CANCEL: CANCELLED,
    OnFailure.SKIP: Verdict("skip", "failed prerequisites", "failed"),
}


def is_met(need: Need, state: RunState) -> bool:
    """Tell whether a prerequisite in ``state`` lets the dependent go."""
    found = standing(need.condition, state)
    return found is Standing.MET or (found is Standing.BROKEN and need.on_failure is OnFailure.IGNORE)


def verdict(needs: Iterable[tuple[Need, RunState]]) -> Verdict | None:
    """Return what ends the dependent of these edges, by the states of their prerequisites; None to go on."""
    guilty: dict[Verdict, list[uuid.UUID]] = {}
    for need, state in needs:
        found = _verdict(need, state)
        if found is not None:
            guilty.setdefault(found, []).append(need.prerequisite)
    if not guilty:
        return None
    worst = min(guilty, key=lambda each: ORDER.index(each) if each in ORDER else len(ORDER))
    return Verdict(worst.event, worst.reason, worst.word, tuple(guilty[worst]))


def _verdict(need: Need, state: RunState) -> Verdict | None:
    if is_met(need, state):
        return None
    if state is RunState.PREPARE:
        return PREPARED
    if standing(need.condition, state) is Standing.WAITING:
        return None
    if need.on_failure in POLICIES:
        return POLICIES[need.on_failure]
    if state is RunState.DONE:
        return IMPOSSIBLE
    return CANCELLED if state is RunState.CANCELLED else FAILED

"""When a prerequisite lets its dependent go: the only place that knows."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import NamedTuple, NoReturn

from django_tasks_fsm.core.states import FINAL, RunState


class _Word(StrEnum):
    """A word that people write: a wrong one is answered with the right ones."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise ValueError(f"{value!r} is none of {', '.join(cls)}")


class Condition(_Word):
    """What a dependent asks of a prerequisite."""

    DONE = "done"
    FINISHED = "finished"
    FAILED = "failed"


class OnFailure(_Word):
    """What becomes of a dependent whose prerequisite has ended so that its condition cannot hold any more.

    ``block`` leaves it waiting, until a person repairs the prerequisite; ``ignore`` lets it go all the same.
    """

    BLOCK = "block"
    FAIL = "fail"
    CANCEL = "cancel"
    SKIP = "skip"
    IGNORE = "ignore"


class Standing(StrEnum):
    """How an edge stands: met, still possible, or no longer possible without a person."""

    MET = "met"
    WAITING = "waiting"
    BROKEN = "broken"


class Awaited(NamedTuple):
    """One run that another waits for; where no policy is given, that of the waiting run's task holds."""

    run: uuid.UUID
    condition: Condition = Condition.DONE
    on_failure: OnFailure | None = None


SATISFYING: dict[Condition, frozenset[RunState]] = {
    Condition.DONE: frozenset({RunState.DONE}),
    Condition.FINISHED: FINAL,
    Condition.FAILED: frozenset({RunState.FAILED}),
}
"""States of the prerequisite that meet each condition. CANCELLED, SKIPPED and ABORTED meet only ``finished``."""


def satisfied_by(state: RunState) -> tuple[Condition, ...]:
    """Return the conditions that a prerequisite in ``state`` meets."""
    return tuple(condition for condition, states in SATISFYING.items() if state in states)


EVENTS: dict[str, str] = {OnFailure.FAIL: "error", OnFailure.CANCEL: "cancel", OnFailure.SKIP: "skip"}
"""The event that a dependent meets with when a prerequisite with this policy has broken."""


def standing(condition: Condition, state: RunState, on_failure: OnFailure = OnFailure.BLOCK) -> Standing:
    """Return how an edge stands while its prerequisite is in ``state``; with ``ignore`` a broken one is met."""
    if state in SATISFYING[condition]:
        return Standing.MET
    if state not in FINAL:
        return Standing.WAITING
    return Standing.MET if on_failure is OnFailure.IGNORE else Standing.BROKEN

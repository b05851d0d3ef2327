"""What an event does to one run: the part of the model that the real rows are compared with too.

Every event asks the table that the code uses, so an event that the table does not allow is not possible, and another
table is another model.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from django_tasks_fsm.core.machine import RUN_MACHINE, Machine
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import IllegalTransition

NOBODY = -1


class Run(NamedTuple):
    """One run.

    ``claim``, ``charged`` and ``begun`` exist in the model only: the number of the last claim, what the attempts should
    be, and whether the function has been called for this claim.
    """

    state: RunState
    fence: int = 0
    attempt: int = 0
    losses: int = 0
    asked: bool = False
    owner: int = NOBODY
    claim: int = 0
    charged: int = 0
    begun: bool = False


class Rules(NamedTuple):
    """The table, the guards that are left out, and the numbers that end a crash loop."""

    machine: Machine[RunState] = RUN_MACHINE
    off: frozenset[str] = frozenset()
    max_attempts: int = 2
    max_losses: int = 2

    def has(self, guard: str) -> bool:
        """Tell whether a guard stands."""
        return guard not in self.off


@cache
def target(machine: Machine[RunState], event: str, state: RunState, wanted: RunState | None) -> RunState | None:
    """Return where the table lets ``event`` lead to; None for nowhere."""
    try:
        return machine.target(event, state, wanted)
    except IllegalTransition:
        return None


def moved(rules: Rules, run: Run, event: str, wanted: RunState | None = None) -> Run | None:
    """Return the run after ``event``, or None where the table does not allow it: the UPDATE changes no row."""
    to = target(rules.machine, event, run.state, wanted)
    if to is None:
        return None
    if to in FINAL:
        return run._replace(state=to, owner=NOBODY, begun=False)
    if run.state in FINAL:
        return _new_life(rules, run._replace(state=to))
    if event == "release":
        return given_back(rules, run._replace(state=to, owner=NOBODY, begun=False))
    return run._replace(state=to, owner=NOBODY, begun=False)


def _new_life(rules: Rules, run: Run) -> Run:
    fence = run.fence if rules.has("fence is never reset") else 0
    attempt = 0 if rules.has("a new life counts its attempts afresh") else run.attempt
    asked = run.asked if not rules.has("a new life forgets the wish to stop") else False
    return run._replace(fence=fence, attempt=attempt, losses=0, charged=0, asked=asked)


def given_back(rules: Rules, run: Run) -> Run:
    """Return the run with its attempt not charged."""
    attempt = run.attempt - 1 if rules.has("an attempt that was given back is not charged") else run.attempt
    return run._replace(attempt=attempt, charged=run.charged - 1)


def claimed(rules: Rules, run: Run, owner: int) -> Run | None:
    """Return the run in the hands of ``owner``, or None where the table does not allow a dispatch."""
    to = target(rules.machine, "dispatch", run.state, None)
    if to is None:
        return None
    attempt = run.attempt + 1 if rules.has("a claim charges an attempt") else run.attempt
    fence = run.fence + 1 if rules.has("a claim raises the fence") else run.fence
    if not rules.has("the fence is a number of its own"):
        fence = attempt
    return run._replace(
        state=to, owner=owner, attempt=attempt, fence=fence, claim=run.claim + 1, charged=run.charged + 1, begun=True
    )


def lost(rules: Rules, run: Run) -> Run | None:
    """Return the run taken back from a worker that no longer lives; failed where it has taken too many along."""
    losses = run.losses + 1
    poison = rules.has("too many losses are poison") and losses >= rules.max_losses
    after = moved(rules, run._replace(losses=losses), "lose", RunState.FAILED if poison else RunState.PENDING)
    if after is None or not run.asked or not rules.has("rescue cancels what was asked to stop"):
        return after
    return moved(rules, after, "cancel") or after


def ended(rules: Rules, run: Run, event: str) -> Run | None:
    """Return the run after the outcome of a worker, with what follows from it in the same transaction."""
    after = moved(rules, run, event)
    if after is None:
        return None
    if event == "reschedule":
        after = given_back(rules, after)
    if event in AGAIN and after.asked and rules.has("finish cancels what was asked to stop"):
        after = moved(rules, after, "cancel") or after
    return after


AGAIN = ("retry", "reschedule", "release")

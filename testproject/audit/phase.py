"""How far an audit is, told from the states of its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from django_tasks_fsm.core.states import FINAL, UNFINISHED, RunState

Step = str
DISCOVER, VERIFY, REPORT = "discover", "verify", "report"


class Phase(StrEnum):
    """Where an audit stands as a whole; the values are states, so that they share words and colours with them."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    BLOCKED = "BLOCKED"
    FAILED = "FAILED"
    DONE = "DONE"

    @property
    def moves(self) -> bool:
        """Tell whether time alone brings the audit further; BLOCKED and FAILED wait for a person."""
        return self in (Phase.PENDING, Phase.RUNNING)


@dataclass(frozen=True)
class Tally:
    """How many runs of an audit are in which state, step by step."""

    discover: Counter[str] = field(default_factory=Counter)
    verify: Counter[str] = field(default_factory=Counter)
    report: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Return how many verifications there are."""
        return self.verify.total()

    @property
    def finished(self) -> int:
        """Return how many verifications have ended, however."""
        return _count(self.verify, FINAL)

    @property
    def troubled(self) -> int:
        """Return how many verifications have ended without a report."""
        return self.finished - self.verify[RunState.DONE]

    @property
    def phase(self) -> Phase:
        """Return where the audit stands."""
        if self.report[RunState.DONE]:
            return Phase.DONE
        if not self.report:
            return self._discovery()
        if _count(self.report, FINAL):
            return Phase.FAILED
        waits = self.report[RunState.PENDING] and self.finished == self.total
        return Phase.BLOCKED if waits and self.troubled else Phase.RUNNING

    def _discovery(self) -> Phase:
        if self.discover[RunState.RUNNING]:
            return Phase.RUNNING
        return Phase.PENDING if _count(self.discover, UNFINISHED) else Phase.FAILED


def _count(states: Counter[str], wanted: Iterable[RunState]) -> int:
    return sum(states[state] for state in wanted)

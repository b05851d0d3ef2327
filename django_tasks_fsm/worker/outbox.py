"""Where executors leave outcomes for the next turn."""

from __future__ import annotations

from collections import deque

from django_tasks_fsm.core.outcomes import Outcome
from django_tasks_fsm.worker.bell import Bell


class Outbox:
    """A queue from many threads to the service loop; ``wake`` is set at every arrival."""

    def __init__(self, wake: Bell) -> None:
        self._wake = wake
        self._outcomes: deque[Outcome] = deque()

    def put(self, outcome: Outcome) -> None:
        """Leave an outcome."""
        self._outcomes.append(outcome)
        self._wake.set()

    def take(self, limit: int) -> list[Outcome]:
        """Return up to ``limit`` outcomes, oldest first."""
        taken: list[Outcome] = []
        while self._outcomes and len(taken) < limit:
            taken.append(self._outcomes.popleft())
        return taken

    def put_back(self, outcomes: list[Outcome]) -> None:
        """Return outcomes that could not be written, to the front."""
        self._outcomes.extendleft(reversed(outcomes))

    def __len__(self) -> int:
        return len(self._outcomes)

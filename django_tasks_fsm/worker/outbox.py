"""Where executors leave outcomes for the next turn."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Iterable

from django_tasks_fsm.core.outcomes import Ending, Outcome
from django_tasks_fsm.worker.bell import Bell

AGAIN_AFTER = 0.2
"""Seconds until an outcome whose row is locked is offered again."""


class Outbox:
    """A queue from many threads to the service loop; ``wake`` is set at every arrival.

    Any thread may ``put``. What the loop puts aside is not in the queue, nor in its length.
    """

    def __init__(self, wake: Bell) -> None:
        self._wake = wake
        self._outcomes: deque[Outcome] = deque()
        self._aside: dict[tuple[uuid.UUID, int], tuple[Outcome, float]] = {}

    def put(self, outcome: Outcome) -> None:
        """Leave an outcome."""
        self._outcomes.append(outcome)
        self._wake.set()

    def take(self, limit: int) -> list[Outcome]:
        """Return up to ``limit`` outcomes, oldest first.

        What else is said of a claim whose outcome is put aside is dropped: a give-back must not overtake an end. Only
        an end that is stored already leaves nothing to be tried again.
        """
        taken: list[Outcome] = []
        while self._outcomes and len(taken) < limit:
            outcome = self._outcomes.popleft()
            if outcome.is_stored:
                self._aside.pop(outcome.claim.key, None)
                taken.append(outcome)
            elif outcome.claim.key not in self._aside:
                taken.append(outcome)
        return taken

    def put_back(self, outcomes: list[Outcome]) -> None:
        """Return outcomes that could not be written, to the front."""
        self._outcomes.extendleft(reversed(outcomes))

    def put_aside(self, outcomes: Iterable[Outcome], seconds: float = AGAIN_AFTER) -> None:
        """Keep outcomes whose rows somebody else has locked, to be taken again after ``seconds``."""
        at = time.monotonic() + seconds
        for outcome in outcomes:
            known = self._aside.get(outcome.claim.key)
            if known is None or known[0].ending is Ending.RELEASED:
                self._aside[outcome.claim.key] = outcome, at

    def take_again(self, limit: int) -> list[Outcome]:
        """Return up to ``limit`` of the outcomes put aside whose time has come, in the order of their times."""
        now = time.monotonic()
        due = [key for key, (_, at) in self._aside.items() if at <= now][:limit]
        return [self._aside.pop(key)[0] for key in due]

    def recall(self) -> None:
        """Let all that was put aside be taken again now."""
        self._aside = {key: (outcome, 0.0) for key, (outcome, _) in self._aside.items()}

    @property
    def again_in(self) -> float | None:
        """Return the seconds until something put aside can be taken again, 0 for now; None where nothing is."""
        first = next(iter(self._aside.values()), None)
        return None if first is None else max(0.0, first[1] - time.monotonic())

    def __len__(self) -> int:
        return len(self._outcomes)

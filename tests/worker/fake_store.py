"""A store in memory, where the loop's parts expect the real one: claims go out once, outcomes come in by fence."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django_tasks_fsm.core.outcomes import Claim, Outcome
from django_tasks_fsm.store.cycle import Turn
from django_tasks_fsm.store.definitions import Definition
from django_tasks_fsm.tasks_api import Task
from tests.worker.claims import claim


class FakeStore:
    """Do what ``store.cycle.turn`` and the book of definitions do."""

    def __init__(self) -> None:
        self.queued: deque[Claim] = deque()
        self.fences: dict[uuid.UUID, int] = {}
        self.ended: list[Outcome] = []
        self.known: dict[int, Definition] = {}
        self.errors: deque[Exception | None] = deque()
        self.refused: dict[uuid.UUID, Exception] = {}
        self.locked: set[uuid.UUID] = set()

    def add(self, task: Task, *args: Any) -> Claim:
        """Queue a run of ``task``."""
        number = len(self.known) + 1
        self.known[number] = Definition(number, "a task", task.module_path, 1, None, False)
        taken = replace(claim(*args), task_id=number)
        self.queued.append(taken)
        self.fences[taken.id] = taken.fence
        return taken

    def turn(
        self, worker: uuid.UUID, outcomes: Sequence[Outcome], queues: Sequence[str], room: int, using: str
    ) -> Turn:
        """Raise the next error that was prepared, or finish and claim."""
        if self.errors and (error := self.errors.popleft()):
            raise error
        for outcome in outcomes:
            if outcome.claim.id in self.refused and outcome.result_json is not None:
                raise self.refused[outcome.claim.id]
        mine = [one for one in outcomes if self.fences.get(one.claim.id) == one.claim.fence]
        written = [one for one in mine if one.claim.id not in self.locked]
        busy = frozenset(one.claim.key for one in mine if one.claim.id in self.locked)
        for outcome in written:
            del self.fences[outcome.claim.id]
        self.ended += written
        taken = [self.queued.popleft() for _ in range(min(room, len(self.queued)))] if queues else []
        return Turn(frozenset(outcome.claim.id for outcome in written), tuple(taken), busy)

    def look_up(self, ids: Iterable[int]) -> dict[int, Definition]:
        """Return the definitions."""
        return self.known

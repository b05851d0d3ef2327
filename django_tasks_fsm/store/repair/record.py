"""The records of a plan: what happens to which run, and why."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django_tasks_fsm.store.repair.rows import Row


@dataclass(frozen=True, slots=True)
class Step:
    """One run of a plan; ``event`` is empty where nothing happens to it, and ``why`` is a sentence for people."""

    run: uuid.UUID
    task: str
    label: str
    state: str
    event: str
    why: str

    @property
    def name(self) -> str:
        """Return what to call the run."""
        return f"{self.task} {self.label or str(self.run)[-12:]}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act would do at this moment, and what it would leave.

    ``steps`` are done; ``following`` end in their wake, by the policy of an edge; ``released`` can run then;
    ``waiting`` wait (again); ``staying`` are left as they are; as long as one is ``refused`` nothing can be done.
    ``again`` computes the plan anew.
    """

    verb: str
    using: str
    fingerprint: str
    again: Callable[[], Plan] = field(compare=False, repr=False)
    steps: tuple[Step, ...] = ()
    following: tuple[Step, ...] = ()
    released: tuple[Step, ...] = ()
    waiting: tuple[Step, ...] = ()
    staying: tuple[Step, ...] = ()
    refused: tuple[Step, ...] = ()
    value: Any = None

    @property
    def all(self) -> tuple[Step, ...]:
        """Return every run that the plan names."""
        return (*self.steps, *self.following, *self.released, *self.waiting, *self.staying, *self.refused)

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many runs of each task meet with which event, in the order of the steps."""
        numbers = Counter((step.task, step.event) for step in self.steps)
        return [(task, event, number) for (task, event), number in numbers.items()]

    def pks(self, *events: str) -> list[uuid.UUID]:
        """Return the runs that meet with one of these events."""
        return [step.run for step in self.steps if step.event in events]


def step(row: Row, event: str, why: str) -> Step:
    """Return the record of a run."""
    return Step(row.id, row.task, row.label, row.state, event, why)


def fingerprint(*parts: Iterable[Any]) -> str:
    """Return a short text that differs where any part has other members; their order does not matter."""
    found = hashlib.sha256()
    for part in parts:
        found.update("\n".join(sorted(map(str, part))).encode() + b"\0")
    return found.hexdigest()[:32]


def exact(steps: Iterable[Step], rows: dict[uuid.UUID, Row], *others: Iterable[Step]) -> str:
    """Return the fingerprint of a plan that must find every run in the life in which it was shown."""
    # The fence tells a run that was run again meanwhile, and is in the same state as before.
    acts = (f"{each.run} {each.state} {each.event} {rows[each.run].fence}" for each in steps)
    return fingerprint(acts, *([each.run for each in some] for some in others))

"""Who waits for whom in what chains and groups say, found without recursion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from django_tasks_fsm.composition.step import Step
from django_tasks_fsm.core.prerequisites import Condition, OnFailure

MOST_EDGES = 100_000


class Edge(NamedTuple):
    """Step number ``after`` waits for step number ``before``; without a policy that of its task holds."""

    before: int
    after: int
    condition: Condition
    on_failure: OnFailure | None


class Span(NamedTuple):
    """The steps that a part begins with, which wait for nothing in it, and those that it ends with."""

    entries: Sequence[int]
    exits: Sequence[int]


EMPTY = Span((), ())


@dataclass(slots=True)
class Layout:
    """All steps in the order they were written, and the edges between them."""

    steps: list[Step] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def connect(self, before: Sequence[int], after: Sequence[int], terms: tuple[Condition, OnFailure | None]) -> None:
        """Let each step of ``after`` wait for each one of ``before``; raise ValueError where there are too many."""
        if len(self.edges) + len(before) * len(after) > MOST_EDGES:
            raise ValueError(
                f"More than {MOST_EDGES:,} prerequisites: each run of a group waits for each of the group before it. "
                "Put one step between the two groups."
            )
        self.edges += [Edge(one, other, *terms) for other in after for one in before]


class Part(Protocol):
    """What stands in a composition beside steps."""

    @property
    def parts(self) -> Sequence[Part | Step]:
        """Return what it is made of."""

    def join(self, spans: Sequence[Span], layout: Layout) -> Span:
        """Connect its parts, none of which is empty, and return where the whole begins and ends."""


def laid_out(root: Part) -> Layout:
    """Return the steps and edges of a composition. A part without steps is left out, as if it was not written."""
    layout = Layout()
    waiting: list[tuple[Part | Step, bool]] = [(root, False)]
    spans: list[Span] = []
    while waiting:
        part, is_laid_out = waiting.pop()
        if isinstance(part, Step):
            number = [len(layout.steps)]
            layout.steps.append(part)
            spans.append(Span(number, number))
        elif is_laid_out:
            first = len(spans) - len(part.parts)
            spans[first:] = [part.join([span for span in spans[first:] if span.exits], layout)]
        else:
            waiting.append((part, True))
            waiting += [(one, False) for one in reversed(part.parts)]
    return layout

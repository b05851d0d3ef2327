"""``chain`` and ``group``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain as concatenated
from itertools import pairwise
from typing import Any

from asgiref.sync import sync_to_async

from django_tasks_fsm.composition.enqueued import Enqueued, enqueue
from django_tasks_fsm.composition.layout import EMPTY, Layout, Part, Span
from django_tasks_fsm.composition.step import Step
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.tasks_api import Task


@dataclass(frozen=True, slots=True, repr=False)
class _Composition:
    parts: tuple[Part | Step, ...]

    def __repr__(self) -> str:
        # Not that of the parts: a chain may be nested deeper than Python recurses.
        return f"<{type(self).__name__} of {len(self.parts)}>"

    def enqueue(self) -> Enqueued:
        """Make all runs, in one graph and one transaction, or none."""
        return enqueue(self)  # type: ignore[arg-type]

    async def aenqueue(self) -> Enqueued:
        """See enqueue."""
        return await sync_to_async(self.enqueue)()


@dataclass(frozen=True, slots=True, repr=False)
class Chain(_Composition):
    """Parts that run one after another."""

    condition: Condition = Condition.DONE
    on_failure: OnFailure | None = None

    def join(self, spans: Sequence[Span], layout: Layout) -> Span:
        """Let all that a part begins with wait for all that the part before it ends with."""
        for before, after in pairwise(spans):
            layout.connect(before.exits, after.entries, (self.condition, self.on_failure))
        return Span(spans[0].entries, spans[-1].exits) if spans else EMPTY


@dataclass(frozen=True, slots=True, repr=False)
class Group(_Composition):
    """Parts that do not wait for each other."""

    def join(self, spans: Sequence[Span], layout: Layout) -> Span:
        """Begin with all that begins, and end with all that ends."""
        return Span(
            list(concatenated.from_iterable(span.entries for span in spans)),
            list(concatenated.from_iterable(span.exits for span in spans)),
        )


def chain(*parts: Any, condition: str = "done", on_failure: str | None = None) -> Chain:
    """Return ``parts`` in order: tasks, ``task.step(...)``, chains and groups; nothing is made before ``enqueue()``.

    Every run that a part begins with waits for every run that the part before it ends with. ``condition`` and
    ``on_failure`` are those of the edges that this chain makes, not of the chains within it.
    """
    return Chain(_parts(parts), Condition(condition), OnFailure(on_failure) if on_failure else None)


def group(*parts: Any) -> Group:
    """Return ``parts`` side by side: tasks, ``task.step(...)``, chains and groups; see ``chain``."""
    return Group(_parts(parts))


def _parts(items: Sequence[Any]) -> tuple[Part | Step, ...]:
    return tuple(_part(item) for item in items)


def _part(item: Any) -> Part | Step:
    if isinstance(item, Task):
        return Step(item)
    if isinstance(item, (Step, Chain, Group)):
        return item
    raise TypeError(
        f"chain and group take tasks, task.step(...), chains and groups, not {item!r}. "
        "To wait for a run that exists, use task.using(after=[run])."
    )

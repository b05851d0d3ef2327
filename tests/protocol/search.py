"""Visit every state that a protocol can reach, nearest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

S = TypeVar("S", bound=Hashable)


class Step(NamedTuple, Generic[S]):
    """One step: what is done, the state that it leads to, and what it breaks, if it breaks anything.

    ``is_fair``: it happens by itself when no fault happens and no person acts.
    """

    label: str
    after: S
    breaks: str = ""
    is_fair: bool = True


Steps = Callable[[S], Iterable[Step[S]]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: ``breaks`` is empty where the protocol holds, ``trace`` is a shortest way to what broke."""

    states: int
    breaks: str = ""
    trace: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether nothing broke."""
        return not self.breaks


def search(start: S, steps: Steps[S], is_end: Callable[[S], bool], stuck: str, alike: Callable[[S], Hashable]) -> Found:
    """Search breadth first until something breaks; else look for states that no fair steps lead to an end: ``stuck``.

    Of states that are ``alike``, which gives the same for them, one is followed. Exhaustive: it ends when there is no
    state left that was not visited.
    """
    first = alike(start)
    came: dict[Hashable, tuple[Hashable, str] | None] = {first: None}
    back: dict[Hashable, list[Hashable]] = {}
    ends = {first} if is_end(start) else set()
    queue = deque([(first, start)])
    while queue:
        here, state = queue.popleft()
        for label, after, breaks, is_fair in steps(state):
            if breaks:
                return Found(len(came), breaks, (*_trace(came, here), label))
            there = alike(after)
            if there not in came:
                came[there] = here, label
                queue.append((there, after))
                if is_end(after):
                    ends.add(there)
            if is_fair and there != here:
                back.setdefault(there, []).append(here)
    lost = _first_lost(came, back, ends)
    return Found(len(came)) if lost is None else Found(len(came), stuck, _trace(came, lost))


def _first_lost(came: Iterable[Hashable], back: dict[Hashable, list[Hashable]], ends: set[Hashable]) -> Hashable | None:
    good, queue = set(ends), deque(ends)
    while queue:
        for before in back.get(queue.popleft(), ()):
            if before not in good:
                good.add(before)
                queue.append(before)
    return next((state for state in came if state not in good), None)


def _trace(came: dict[Hashable, tuple[Hashable, str] | None], state: Hashable) -> tuple[str, ...]:
    labels: list[str] = []
    while (before := came[state]) is not None:
        state, label = before
        labels.append(label)
    return tuple(reversed(labels))

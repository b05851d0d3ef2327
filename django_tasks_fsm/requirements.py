"""What a task declares that its runs wait for, and what one call does."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.tasks_api import InvalidTask, Task


class Requirement(NamedTuple):
    """The function of a prerequisite, by its registered name; without a policy that of the dependent task holds."""

    function: str
    condition: Condition = Condition.DONE
    on_failure: OnFailure | None = None


def requirements(items: Any) -> tuple[Requirement, ...]:
    """Return what ``requires=[...]`` names: tasks, or tuples (task, condition) and (task, condition, policy).

    Raise InvalidTask for anything else, and for a task that is named twice.
    """
    if not isinstance(items, Iterable) or isinstance(items, (str, bytes)):
        raise InvalidTask(f"requires must be a list of tasks, not {items!r}.")
    found = tuple(item if isinstance(item, Requirement) else _requirement(item) for item in items)
    names = [each.function for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidTask(f"requires names {name!r} more than once.")
    return found


def _requirement(item: Any) -> Requirement:
    task, *terms = item if isinstance(item, tuple) and item else (item,)
    if not isinstance(task, Task) or len(terms) > 2:
        raise InvalidTask(f"requires holds {item!r}, which is neither a task nor (task, condition[, policy]).")
    try:
        condition = Condition(terms[0]) if terms else Condition.DONE
        policy = OnFailure(terms[1]) if terms[1:] and terms[1] is not None else None
    except ValueError as error:
        raise InvalidTask(f"requires holds {item!r}: {error}.") from None
    return Requirement(task.module_path, condition, policy)


def awaited(items: Any, word: str = "after") -> tuple[Awaited, ...]:
    """Return what a list of runs, results or ids, or of tuples (run, condition[, policy]), says to wait for.

    ``word`` is what the list is called where it is refused.
    """
    if not isinstance(items, Iterable) or isinstance(items, (str, bytes)):
        raise TypeError(f"{word} takes a list of runs, results or ids, not {items!r}.")
    edges = tuple(_awaited(item, word) for item in items)
    counts = Counter(edge.run for edge in edges)
    for run_id, count in counts.items():
        if count > 1:
            raise ValueError(
                f"{word} names the run {run_id} {count} times; a run is waited for once, with one condition."
            )
    return edges


def both(some: Iterable[Awaited], more: Iterable[Awaited]) -> tuple[Awaited, ...]:
    """Return all that is awaited, each run once; ``more`` has the last word."""
    return tuple({each.run: each for each in (*some, *more)}.values())


def _awaited(item: Any, word: str) -> Awaited:
    try:
        run, *terms = item if isinstance(item, tuple) else (item,)
        run_id = getattr(run, "id", run)
        condition = Condition(terms[0]) if terms else Condition.DONE
        policy = OnFailure(terms[1]) if terms[1:] and terms[1] is not None else None
        if terms[2:]:
            raise ValueError("too many items")
        return Awaited(run_id if isinstance(run_id, uuid.UUID) else uuid.UUID(str(run_id)), condition, policy)
    except ValueError as error:
        raise InvalidTask(
            f"{word} holds {item!r}, which is neither a run nor (run, condition) nor (run, condition, policy): {error}"
        ) from None

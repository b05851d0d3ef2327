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

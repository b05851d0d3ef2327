"""One call that waits for its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_tasks_fsm import conf
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.tasks_api import Task


@dataclass(frozen=True, slots=True)
class Step:
    """A task, with what ``using`` has set, and the arguments of one run; they are checked when it is made.

    Raise UnstorablePayload for what cannot be stored.
    """

    task: Task
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limit = conf.options().max_payload_bytes
        object.__setattr__(self, "args", tuple(checked(list(self.args), "args", limit)))
        object.__setattr__(self, "kwargs", checked(dict(self.kwargs), "kwargs", limit))


def called(task: Task | Step, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Step:
    """Return the step of a task and its arguments; a step has its own, and others beside it are a TypeError."""
    if isinstance(task, Task):
        return Step(task, args, kwargs or {})
    if not isinstance(task, Step):
        raise TypeError(f"A task or task.step(...) is wanted, not {task!r}.")
    if args or kwargs:
        raise TypeError(f"The step of {task.task.module_path!r} has its arguments already; it takes no others.")
    return task


def arguments(call: Sequence[Any] | Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the keyword arguments of one call of ``enqueue_many``."""
    if isinstance(call, Mapping):
        return (), dict(call)
    if isinstance(call, (str, bytes)) or not isinstance(call, Sequence):
        raise TypeError(f"A call is a sequence of arguments or a mapping of keyword arguments, not {call!r}.")
    return tuple(call), {}

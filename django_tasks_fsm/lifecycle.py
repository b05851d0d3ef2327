"""What makes a function or a class a service: how it is set up, ticks and is cleaned up."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django_tasks_fsm.tasks_api import InvalidTask

LONGEST_KEY = 200
METHODS = ("setup", "tick", "cleanup", "on_message")
SERVICE, SERVICE_LOOP = "service", "service-loop"
"""What runs services: a thread of its own for each that is called, one loop for those that are awaited."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a service lives; ``target`` is the generator function or the class."""

    target: Callable[..., Any]
    is_async: bool
    trigger: str = ""
    """What it ticks by, as JSON; empty for what only messages reach."""
    autostart: bool = True
    """Whether workers see to it that it runs while its task is ACTIVE."""
    restart: bool = True
    """Whether workers make a new run when one has ended and nobody had stopped it."""

    @property
    def executor(self) -> str:
        """Return the name of what runs it."""
        return SERVICE_LOOP if self.is_async else SERVICE


def is_awaited(target: Any) -> bool:
    """Tell whether a target is asynchronous; raise InvalidTask for what cannot be a service."""
    if inspect.isasyncgenfunction(target):
        return True
    if inspect.isgeneratorfunction(target):
        return False
    if not inspect.isclass(target):
        name = getattr(target, "__qualname__", repr(target))
        raise InvalidTask(
            f"A service is a generator function with a yield, or a class with a tick method; {name} is neither. For a "
            "function that is called once, use @task."
        )
    if not (hasattr(target, "tick") or hasattr(target, "on_message")):
        raise InvalidTask(f"The service {target.__qualname__} needs a method tick, on_message, or both.")
    return any(inspect.iscoroutinefunction(getattr(target, name, None)) for name in METHODS)


def named_function(target: Any) -> Callable[..., Any]:
    """Return the function that stands for a target where Django wants one; of a class, what makes an instance."""
    if not inspect.isclass(target):
        function: Callable[..., Any] = target
        return function

    def make(context: Any, *args: Any, **kwargs: Any) -> Any:
        return target(*args, **kwargs)

    make.__module__, make.__qualname__, make.__name__ = target.__module__, target.__qualname__, target.__name__
    make.__doc__ = target.__doc__
    return make


def service_key(name: str) -> str:
    """Return the key that the run of a service's task bears, so that there is one; ``name`` is the task's."""
    key = f"service:{name}"
    return key if len(key) <= LONGEST_KEY else f"service:{hashlib.sha256(name.encode()).hexdigest()}"

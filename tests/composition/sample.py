"""Tasks for the tests of this room."""

from __future__ import annotations

from typing import Any

from django_tasks_fsm import current_run, task


@task
def say(word: Any = None) -> Any:
    """Return what was given."""
    return word


@task
def add_up() -> Any:
    """Return the sum of what was waited for."""
    return sum(current_run().results())


@task
def fail() -> None:
    """Raise."""
    raise ValueError("wrong")


@task
def fetch() -> int:
    """Be what ``needy`` is made to require."""
    return 40


@task
def needy(number: int = 0) -> int:
    """Add to what was fetched."""
    return int(number + sum(current_run().results()))

"""A function that fails where it is told to, and tells what it did."""

from __future__ import annotations

from django_tasks_fsm import task

ran: list[str] = []
broken: set[str] = set()


@task(label=lambda name: name)
def step(name: str) -> str:
    """Run once more."""
    ran.append(name)
    if name in broken:
        raise ValueError(f"{name} is broken")
    return name

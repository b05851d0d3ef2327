"""Tasks that reschedule themselves."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django_tasks_fsm import current_run, task


@task(takes_context=True)
def at(context: Any, when: str, rounds: int = 0) -> None:
    """Come again at a time; in the last round, if there is one, return."""
    if rounds != 1:
        context.reschedule(at=datetime.fromisoformat(when), args=[when, max(0, rounds - 1)])


@task(takes_context=True)
def count_down(context: Any, number: int, heard: list[int]) -> list[int]:
    """Hand the numbers on until there is none left."""
    if number:
        context.reschedule(0.01, args=[number - 1], kwargs={"heard": [*heard, number]})
    return heard


@task
def stop() -> None:
    """Stop the chain and go on as if nothing had happened."""
    current_run().stop_chain()
    current_run().reschedule(0)


@task
async def astop() -> None:
    """Do the same in a coroutine."""
    current_run().stop_chain()
    current_run().reschedule(0)


@task
def cancel_own() -> None:
    """Cancel the key that the run itself bears, and go on."""
    cancel_own.using(key="k").cancel_key()
    current_run().reschedule(0)


@task(takes_context=True, max_attempts=2, backoff=lambda error, result: 0)
def stumble(context: Any, number: int) -> int:
    """Fail once on the way."""
    if number == 2 and context.attempt == 1:
        raise ValueError("stumbled")
    if number:
        context.reschedule(0.01, args=[number - 1])
    return number


@task(takes_context=True)
def spin(context: Any, times: int, starts: list[float] | None = None) -> list[float]:
    """Come again at once, and remember when each round began."""
    known = [*(starts or []), time.monotonic()]
    if times:
        context.reschedule(0, args=[times - 1, known])
    return known


@task(min_interval=30.0)
def patient() -> None:
    """Be in no hurry."""

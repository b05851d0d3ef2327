"""The tasks of ``make soak``: a little of everything that projects ask for."""

from __future__ import annotations

import asyncio
import logging
import threading

from django.contrib.auth.models import Group

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext

logger = logging.getLogger("soak")
_never = threading.Event()


@task
def nothing() -> None:
    """Do nothing."""


@task
def wait(seconds: float) -> float:
    """Block for a moment, as whoever asks another service does."""
    _never.wait(seconds)
    return seconds


@task
async def await_(seconds: float) -> float:
    """Await for a moment."""
    await asyncio.sleep(seconds)
    return seconds


@task
def compute(number: int) -> int:
    """Keep the interpreter busy for some milliseconds."""
    return sum(value * value for value in range(number))


@task(max_attempts=2, backoff=lambda error, result: 0.5)
def stumble(fails: int) -> str:
    """Fail, for good or not."""
    raise ValueError(f"fails as it should, {fails} times")


@task(takes_context=True)
def tell(context: RunContext, lines: int) -> None:
    """Log, and say how far it is."""
    for number in range(lines):
        logger.warning("line %d", number)
    context.progress(1, 2)


@task(atomic=True)
def whole(name: str) -> None:
    """Write in the transaction of the run's end."""
    Group.objects.filter(name=name).delete()


@task(max_instances=2)
def limited() -> None:
    """Be one of at most two."""


@task
def tick() -> None:
    """Be fired every second."""


tick.schedule("soak-tick", every=1)

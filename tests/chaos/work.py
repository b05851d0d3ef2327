"""What the fleet does: functions that say in the trail when they begin and end, and leave effects in the database."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails

EFFECT = "effect"
PATIENT: dict[str, Any] = {"takes_context": True, "max_attempts": 1000, "backoff": lambda error, result: 0.1}


def leave_effect(context: RunContext) -> int:
    """Write a row of our own: for a function that is atomic, in the transaction of its run's end; return the fence."""
    Group.objects.create(name=f"{EFFECT} {context.run_id} {os.urandom(8).hex()}")
    return context._claim.fence


def rest(seconds: float) -> None:
    """Let time pass."""
    threading.Event().wait(seconds)


@task(**PATIENT)
def plain(context: RunContext, trail: str, seconds: float) -> int:
    """Work, with an effect in the middle."""
    trails.leave(trail, f"began {context.run_id}")
    rest(seconds / 2)
    fence = leave_effect(context)
    rest(seconds / 2)
    trails.leave(trail, f"ended {context.run_id}")
    return fence


@task(**PATIENT, atomic=True)
def whole(context: RunContext, trail: str, seconds: float) -> int:
    """Do as ``plain``, with a run of its own making, in one transaction with its end."""
    trails.leave(trail, f"began {context.run_id}")
    rest(seconds)
    child.enqueue(trail, str(context.run_id))
    trails.leave(trail, f"ended {context.run_id}")
    return leave_effect(context)


@task(**PATIENT)
def child(context: RunContext, trail: str, parent: str) -> int:
    """Be made by ``whole``."""
    trails.leave(trail, f"began {context.run_id}")
    return leave_effect(context)


@task(**PATIENT)
async def coroutine(context: RunContext, trail: str, seconds: float) -> int:
    """Await."""
    trails.leave(trail, f"began {context.run_id}")
    await asyncio.sleep(seconds)
    fence = await sync_to_async(leave_effect)(context)
    trails.leave(trail, f"ended {context.run_id}")
    return fence


@task(**PATIENT)
def flaky(context: RunContext, trail: str, seconds: float) -> int:
    """Fail at the first attempt."""
    trails.leave(trail, f"began {context.run_id}")
    rest(seconds / 2)
    if context.attempt == 1:
        raise RuntimeError("as it does at first")
    trails.leave(trail, f"ended {context.run_id}")
    return leave_effect(context)


@task(takes_context=True, max_attempts=2, backoff=lambda error, result: 0.1)
def broken(context: RunContext, trail: str, seconds: float) -> int:
    """Fail at every attempt."""
    trails.leave(trail, f"began {context.run_id}")
    leave_effect(context)
    raise RuntimeError("as it always does")


@task(**PATIENT, max_instances=2)
def narrow(context: RunContext, trail: str, seconds: float) -> int:
    """Work, two at a time."""
    trails.leave(trail, f"began {context.run_id}")
    fence = leave_effect(context)
    rest(seconds / 4)
    trails.leave(trail, f"ended {context.run_id}")
    return fence


@task(**PATIENT, key=lambda trail, name, number: f"chaos {name}", on_key="replace")
def keyed(context: RunContext, trail: str, name: str, number: int) -> int:
    """Be replaced by the next one of its name for as long as it has not begun."""
    trails.leave(trail, f"began {context.run_id}")
    rest(0.2)
    trails.leave(trail, f"heard {name} {number}")
    return leave_effect(context)


@task(**PATIENT)
def tick(context: RunContext, trail: str) -> int:
    """Be made by a schedule."""
    trails.leave(trail, f"began {context.run_id}")
    return leave_effect(context)

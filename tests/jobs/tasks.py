"""Tasks for real workers. ``trail`` is a file to append to, ``gate`` a file whose existence lets a job go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection, transaction

from django_tasks_fsm import StopSchedule, task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


@task
def noop() -> None:
    """Do nothing."""


@task(names=["tests.jobs.before.moved"])
def moved() -> str:
    """Have had another name."""
    return "moved"


@task
def echo(value: Any = None) -> Any:
    """Return what was given."""
    return value


@task
def add(a: int, b: int) -> int:
    """Return the sum."""
    return a + b


@task(takes_context=True)
def mark(context: RunContext, trail: str, word: str = "") -> int:
    """Leave a line; return the attempt."""
    trails.leave(trail, word or str(context.run_id))
    return context.attempt


@task(takes_context=True, max_attempts=3)
def hold(context: RunContext, trail: str, gate: str) -> int:
    """Leave "began N", block without ever asking whether to stop until the gate opens, leave "ended N"."""
    trails.leave(trail, f"began {context.attempt}")
    trails.hold(gate)
    trails.leave(trail, f"ended {context.attempt}")
    return context.attempt


@task(takes_context=True, max_attempts=3)
async def ahold(context: RunContext, trail: str, gate: str) -> int:
    """Do as ``hold``, but await; leave "tidied N" however it ends."""
    trails.leave(trail, f"began {context.attempt}")
    try:
        deadline = time.monotonic() + trails.PATIENCE
        while not Path(gate).exists() and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    finally:
        await asyncio.sleep(0)
        trails.leave(trail, f"tidied {context.attempt}")
    return context.attempt


@task(takes_context=True)
def obey(context: RunContext, trail: str) -> None:
    """Ask again and again whether to stop."""
    trails.leave(trail, f"began {context.attempt}")
    deadline = time.monotonic() + trails.PATIENCE
    while time.monotonic() < deadline:
        context.check()
        trails.hold_a_moment()


@task
async def aecho(value: Any = None) -> Any:
    """Return what was given, from the event loop."""
    return value


@task
async def block_loop(trail: str, gate: str) -> None:
    """Do in a coroutine what nobody should: block."""
    trails.leave(trail, "blocked")
    trails.hold(gate)


@task(max_attempts=10)
def die(trail: str) -> None:
    """Take the worker down, as a segmentation fault or the kernel's memory killer would."""
    trails.leave(trail, "died")
    os._exit(9)


@task(max_attempts=2)
def fail(message: str = "as it was told") -> None:
    """Raise, with a second attempt allowed."""
    raise RuntimeError(message)


@task
def fork(trail: str) -> str:
    """Return twice: once here, once in a child."""
    child = os.fork()
    if not child:
        signal.alarm(20)  # if nobody ends the child when it returns, the kernel does
        return "child"
    _, status = os.waitpid(child, 0)
    trails.leave(trail, f"child left with {os.waitstatus_to_exitcode(status)}")
    return "parent"


@task
def leave_transaction_open(name: str) -> int:
    """Write in a transaction that is never ended; return the thread."""
    transaction.atomic().__enter__()
    Group.objects.create(name=name)
    return id(connection)


@task
def turn_autocommit_off(name: str) -> None:
    """Write after switching autocommit off."""
    connection.set_autocommit(False)
    Group.objects.create(name=name)


@task
def close_connection(inside_transaction: bool) -> None:
    """Close the connection under Django's feet."""
    connection.ensure_connection()
    if inside_transaction:
        transaction.atomic().__enter__()
    connection.close()


@task
def group(name: str) -> int:
    """Write a row as a decent task does; return how many there are."""
    Group.objects.create(name=name)
    return Group.objects.count()


@task
async def agroup(name: str) -> int:
    """Write a row from a coroutine."""
    await Group.objects.acreate(name=name)
    return await Group.objects.acount()


@task(max_attempts=3)
def hold_pool(trail: str, gate: str) -> None:
    """Block in a pool of the task's own, whose threads Python waits for when a process ends."""
    trails.leave(trail, "began")
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(trails.hold, gate).result()


@task(max_attempts=3)
async def ahold_thread(trail: str, gate: str) -> None:
    """Block in a thread that a coroutine waits for."""
    trails.leave(trail, "began")
    await sync_to_async(trails.hold)(gate)


@task
def spawn(count: int) -> None:
    """Enqueue more work."""
    for _ in range(count):
        noop.enqueue()


@task
def price(article: str) -> int:
    """Return what an article costs."""
    return 100 * len(article)


@task(takes_context=True)
def bill(context: RunContext) -> int:
    """Return the sum of the prerequisites' results."""
    return sum(before.result for before in context.prerequisites())


@task
def enough(result: Any = None, reason: str = "") -> None:
    """End the schedule that made the run."""
    raise StopSchedule(result, reason)


@task
async def aenough(result: Any = None, reason: str = "") -> None:
    """End the schedule that made the run, from the event loop."""
    raise StopSchedule(result, reason)

"""Tasks for child processes and pools, which find them by name through TASK_MODULES."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
from typing import Any

from django_tasks_fsm import StopSchedule, current_run, task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


@task(executor="process")
def where(*args: Any, **kwargs: Any) -> list[Any]:
    """Return the process, its parent, and what was given."""
    return [os.getpid(), os.getppid(), list(args), kwargs]


@task(executor="process")
async def awhere() -> int:
    """Return the process, from a coroutine."""
    await asyncio.sleep(0)
    return os.getpid()


@task(executor="process")
def leave(code: int) -> None:
    """End the process without a word."""
    os._exit(code)


@task(executor="process")
def segfault() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


@task(executor="process", takes_context=True)
def linger(context: RunContext, trail: str) -> None:
    """Never ask whether to stop, but tidy up when broken off."""
    trails.leave(trail, f"began {os.getpid()}")
    try:
        trails.hold("/nowhere")
    finally:
        trails.leave(trail, "tidied")


@task(executor="process", takes_context=True)
def cling(context: RunContext, trail: str) -> None:
    """Go on, whatever is raised, with a child of its own."""
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    trails.leave(trail, f"began {os.getpid()} {child.pid}")
    while True:
        try:
            trails.hold("/nowhere")
        except Exception:
            trails.leave(trail, "caught")


@task(executor="process")
async def alinger(trail: str) -> None:
    """Await for ever, and tidy up."""
    trails.leave(trail, f"began {os.getpid()}")
    try:
        await asyncio.sleep(trails.PATIENCE)
    finally:
        trails.leave(trail, "tidied")


@task(executor="process", takes_context=True, timeout=0.2)
def rest(context: RunContext, trail: str, gate: str) -> str:
    """Rest, from the moment the gate is open, as long as a person wants."""
    with context.stopwatch.stopped():
        trails.leave(trail, "began")
        trails.hold(gate)
        trails.leave(trail, "rests")
    context._looked_at = 0.0
    context.check()
    return "rested"


@task(executor="process")
def hold(trail: str, gate: str) -> None:
    """Block until the gate opens."""
    trails.leave(trail, f"began {os.getpid()}")
    trails.hold(gate)


@task(executor="process", takes_context=True)
def tell(context: RunContext) -> list[int]:
    """Say how far it is, and write into its log, over this process's own connection."""
    context.progress(1, 2, note="half")
    context.log("from a child")
    return [os.getpid(), context.attempt]


@task(executor="process")
def fork() -> str:
    """Return twice."""
    child = os.fork()
    if not child:
        return "child"
    _, status = os.waitpid(child, 0)
    return f"child left with {os.waitstatus_to_exitcode(status)}"


@task(executor="process")
def has_enough(value: int) -> None:
    """End the schedule, from a child process."""
    raise StopSchedule(value, reason="the child has enough")


@task(executor="process")
def go_on(number: int) -> None:
    """Ask for another round, with another number."""
    current_run().reschedule(2.5, args=[number + 1])

"""Tasks that a worker is in the middle of when it is stopped; the row of the task says what runs them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.services import service
from tests.jobs import trail as trails


@task(takes_context=True, max_attempts=3)
def hold(context: RunContext, trail: str, gate: str) -> int:
    """Block, without asking whether to stop, until the gate opens."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    trails.hold(gate)
    trails.leave(trail, f"ended {context.attempt} {os.getpid()}")
    return context.attempt


@task(takes_context=True, max_attempts=3)
def hold_and_fail(context: RunContext, trail: str, gate: str) -> None:
    """Block until the gate opens, and raise."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    trails.hold(gate)
    raise RuntimeError("as it was told")


@task(takes_context=True, max_attempts=3)
async def ahold(context: RunContext, trail: str, gate: str) -> int:
    """Do as ``hold``, but await."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    deadline = time.monotonic() + trails.PATIENCE
    while not Path(gate).exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    trails.leave(trail, f"ended {context.attempt} {os.getpid()}")
    return context.attempt


@task(takes_context=True, max_attempts=3)
async def acling(context: RunContext, trail: str, gate: str) -> int:
    """Do as ``ahold``, and swallow what should stop it."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    deadline = time.monotonic() + trails.PATIENCE
    while not Path(gate).exists() and time.monotonic() < deadline:
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            trails.leave(trail, "swallowed")
    return context.attempt


@task(takes_context=True, max_attempts=3)
def obey(context: RunContext, trail: str, gate: str) -> int:
    """Ask again and again whether to stop."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    deadline = time.monotonic() + trails.PATIENCE
    while not Path(gate).exists() and time.monotonic() < deadline:
        context.check()
        trails.hold_a_moment()
    return context.attempt


@task(takes_context=True, max_attempts=3)
def cling(context: RunContext, trail: str, gate: str) -> int:
    """Go on, whatever is raised."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    deadline = time.monotonic() + trails.PATIENCE
    while not Path(gate).exists() and time.monotonic() < deadline:
        try:
            trails.hold_a_moment()
        except Exception:
            trails.leave(trail, "swallowed")
    return context.attempt


@task(takes_context=True, max_attempts=100)
def brief(context: RunContext, trail: str, seconds: float) -> None:
    """Take a moment."""
    trails.leave(trail, f"began {context.run_id}")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        trails.hold_a_moment()
    trails.leave(trail, f"ended {context.run_id}")


@task(takes_context=True, max_attempts=100)
async def abrief(context: RunContext, trail: str, seconds: float) -> None:
    """Await a moment."""
    trails.leave(trail, f"began {context.run_id}")
    await asyncio.sleep(seconds)
    trails.leave(trail, f"ended {context.run_id}")


@service(every=0.05, autostart=False)
def serve(context: RunContext, trail: str, gate: str) -> Iterator[None]:
    """Block while it is set up until the gate opens; then tick."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    trails.hold(gate)
    try:
        while True:
            yield
    finally:
        trails.leave(trail, "cleaned")


@service(every=0.05, autostart=False)
async def aserve(context: RunContext, trail: str, gate: str) -> AsyncIterator[None]:
    """Do as ``serve``, and await."""
    trails.leave(trail, f"began {context.attempt} {os.getpid()}")
    try:
        while not Path(gate).exists():
            await asyncio.sleep(0.01)
        while True:
            yield
    finally:
        trails.leave(trail, "cleaned")

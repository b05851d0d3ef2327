"""Ordinary tasks that read and write messages."""

from __future__ import annotations

from typing import Any

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


@task(takes_context=True)
def read_all(context: RunContext, gate: str) -> list[Any]:
    """Wait for the gate and return the names of all messages."""
    trails.hold(gate)
    return [message.name for message in context.messages()]


@task(takes_context=True)
async def aread_all(context: RunContext) -> list[Any]:
    """Return the names of all messages, from the loop."""
    return [message.name async for message in context.amessages()]

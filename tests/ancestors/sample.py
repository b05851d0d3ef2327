"""Functions as users of the older systems wrote them, which put into ``said`` what they say."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import django_tasks_fsm
from django_tasks_fsm import current_run
from django_tasks_fsm.context import RunContext
from django_tasks_fsm.exceptions import CancellationRequested

task: Any = django_tasks_fsm.task
"""Without types: here ``schedule`` always gives a row, which its signature cannot promise."""

said: list[Any] = []
broken: set[Any] = set()
"""Words that do not work until somebody repairs them."""


@task
def say(word: Any = "tick") -> Any:
    """Say a word."""
    said.append(word)
    return word


@task
def mend(word: str) -> str:
    """Say a word, which raises until it is repaired."""
    said.append(word)
    if word in broken:
        raise ValueError(f"{word} does not work")
    return word


@task(cancel_on_exception=True)
def give_up(word: str) -> str:
    """Do as ``mend``, but call an exception a cancellation."""
    return str(mend.func(word))


@task(cancel_on_result=lambda found: found in broken)
def look_for(word: str) -> str:
    """Return what was found, which is no result while it is broken."""
    said.append(word)
    return word


@task
def withdraw() -> None:
    """End as cancelled."""
    raise CancellationRequested("the order was withdrawn")


@task
def leave() -> None:
    """Do what one decorator of task_thread did at any error."""
    sys.exit(2)


@task(takes_context=True, min_interval=0)
def again(context: RunContext, rounds: int) -> int:
    """Tick, and go on until no rounds are left."""
    said.append(rounds)
    if rounds > 1:
        context.reschedule(0, args=[rounds - 1])
    return rounds


@task(takes_context=True)
def three_ways(context: RunContext, way: str) -> str:
    """End in one of the three ways that a hand-written loop knew."""
    try:
        if way == "error":
            raise RuntimeError("a broken pipe")
        if way == "cancel":
            context.request_stop("enough")
        current_run().check()
    except CancellationRequested:
        said.append("cleaned up")
        raise
    return way


@task
async def nap(word: str) -> str:
    """Give others their turn, then say a word."""
    await asyncio.sleep(0)
    said.append(word)
    return word

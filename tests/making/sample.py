"""Functions that tell what they did."""

from __future__ import annotations

import threading
from typing import Any

from django_tasks_fsm import make_now, task

said: list[Any] = []
meeting = threading.Barrier(2, timeout=20)


@task
def say(word: str) -> str:
    """Say a word."""
    said.append(word)
    return word


@task
async def asay(word: str) -> str:
    """Say a word in a coroutine."""
    said.append(word)
    return word


@task
def fail(word: str) -> None:
    """Say a word and raise."""
    said.append(word)
    raise ValueError(f"{word} does not work")


@task(takes_context=True, max_attempts=2, backoff=lambda error, result: 0)
def second_time_lucky(context: Any) -> int:
    """Fail once."""
    said.append(context.attempt)
    if context.attempt == 1:
        raise ValueError("not yet")
    return int(context.attempt)


@task
def meet(word: str) -> str:
    """Wait for another run that does the same."""
    meeting.wait()
    return word


@task(takes_context=True)
def make_itself(context: Any) -> None:
    """Wait for what can only come afterwards."""
    make_now(context.task_result.run)


@task
def interrupted() -> None:
    """Do what Ctrl-C does to a function."""
    raise KeyboardInterrupt


@task(cancel_on_result=lambda result: result == "nothing")
def look_for(found: str) -> str:
    """Return what was found; nothing is no result."""
    return found


@task(track=True)
def tracked() -> None:
    """Be followed by the log."""

"""Tasks in words that both releases understand. ``trail`` is a file to append to, ``gate`` one that is waited for."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from django_tasks_fsm import task

PATIENCE = 120.0
_never = threading.Event()


def leave(trail: str, word: str) -> None:
    """Append one line, in one piece."""
    handle = os.open(trail, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, f"{word}\n".encode())
    finally:
        os.close(handle)


def await_lines(trail: str, word: str, number: int) -> None:
    """Wait until a line stands in the trail so often."""
    deadline = time.monotonic() + PATIENCE
    while Path(trail).read_text().split().count(word) < number and time.monotonic() < deadline:
        _never.wait(0.01)


@task
def mark(trail: str, word: str) -> str:
    """Leave a line."""
    leave(trail, word)
    return word


@task
def hold(trail: str, word: str) -> str:
    """Leave a line, wait for "go", leave another one."""
    leave(trail, f"{word}-began")
    await_lines(trail, "go", 1)
    leave(trail, word)
    return word


@task
def meet(trail: str, word: str) -> str:
    """Leave a line, and wait for the same from another worker."""
    leave(trail, "met")
    await_lines(trail, "met", 2)
    leave(trail, word)
    return word


@task
def fail() -> None:
    """Raise."""
    raise ValueError("as it should")


@task
def tick() -> None:
    """Be what a schedule fires."""


tick.schedule("upgrading-tick", every=0.5)

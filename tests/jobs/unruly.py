"""Tasks that leave something behind in their process, for child processes and for workers."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import NoReturn

from django_tasks_fsm import task
from django_tasks_fsm.context import RunContext
from tests.jobs import trail as trails


class TwoArguments(Exception):
    """Cannot be constructed again from what it keeps."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)
        self.two = two


class Unprintable(Exception):
    """Raises for whoever looks at it, prints it or pickles it."""

    def __str__(self) -> NoReturn:
        raise SystemExit("no text")

    def __repr__(self) -> NoReturn:
        raise SystemExit("no text either")

    def __reduce__(self) -> NoReturn:
        raise SystemExit("no pickle")


ERRORS = {"TwoArguments": TwoArguments("a", "b"), "Unprintable": Unprintable()}


@task(executor="process")
def throw(name: str) -> None:
    """Raise what other processes cannot unpickle."""
    raise ERRORS[name]


@task(executor="process")
def start_a_process() -> int:
    """Return while what it has started goes on."""
    return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]).pid


@task(executor="process")
def change_the_process(directory: str) -> None:
    """Change what belongs to the process, and ignore the signal by which functions are broken off."""
    os.chdir(directory)
    os.umask(0o077)
    os.environ["TESTS_LEFT_BEHIND"] = "yes"
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@task(executor="inline")
def ignore_signals() -> None:
    """Make the worker deaf."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@task(executor="inline", takes_context=True, max_attempts=3)
def hold_the_interpreter(context: RunContext, trail: str, fifo: str) -> int:
    """Let no other thread of the process go on in the first attempt, until somebody opens ``fifo`` for writing.

    Inline, so that the loop is not stopped in the middle of a transaction, whose locks nobody would get.
    """
    trails.leave(trail, f"began {context.attempt}")
    if context.attempt == 1:
        ctypes.PyDLL(None).open(fifo.encode(), os.O_RDONLY)  # unlike CDLL it keeps the interpreter's lock
    trails.leave(trail, f"ended {context.attempt}")
    return context.attempt


@task
def speak_at_length(trail: str, gate: str, size: int) -> str:
    """Leave a line, wait for the gate, and return a text of so many letters."""
    trails.leave(trail, "began")
    trails.hold(gate)
    return "x" * size

"""The names of executors, and which functions each of them can run."""

from __future__ import annotations

import re
from collections.abc import Collection

INLINE, THREAD, PROCESS, ASYNCIO = "inline", "thread", "process", "asyncio"
BUILTIN = (INLINE, THREAD, PROCESS, ASYNCIO)
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def default_for(is_async: bool) -> str:
    """Return the executor of a function that declares none."""
    return ASYNCIO if is_async else THREAD


def is_loop(name: str) -> bool:
    """Tell whether a name stands for an event loop: ``asyncio``, or one of its own such as ``asyncio:reports``."""
    return name == ASYNCIO or _loop_of(name) != ""


def _loop_of(name: str) -> str:
    kind, _, loop = name.partition(":")
    return loop if kind == ASYNCIO and NAME.fullmatch(loop) else ""


def problem(name: object, is_async: bool, others: Collection[str]) -> str:
    """Return why a function cannot have this executor, and what to do; nothing if it can."""
    if not isinstance(name, str) or not (name in BUILTIN or is_loop(name) or name in others):
        known = ", ".join([*BUILTIN, f"{ASYNCIO}:name", *sorted(others)])
        return f"executor must be one of {known}, or a key of OPTIONS['EXECUTORS'], not {name!r}."
    if is_loop(name) and not is_async:
        return f"executor {name!r} runs coroutine functions only: any other would block its loop. Use 'thread'."
    if name == THREAD and is_async:
        return "executor 'thread' does not await coroutine functions. Use 'asyncio', or 'asyncio:name' for a loop."
    return ""

"""The names of executors, and which functions each of them can run."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

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


class Misfit(StrEnum):
    """Why a function cannot have an executor."""

    UNKNOWN = "unknown"
    BLOCKS = "blocks"
    NOT_AWAITED = "not awaited"


def known(others: Collection[str]) -> str:
    """Return the names that there are, for a sentence."""
    return ", ".join([*BUILTIN, f"{ASYNCIO}:name", *sorted(others)])


def misfit(name: object, is_async: bool | None, others: Collection[str]) -> Misfit | None:
    """Return why a function cannot have this executor; ``is_async`` is None for a function that is not known here."""
    if not isinstance(name, str) or not (name in BUILTIN or name in others or is_loop(name)):
        return Misfit.UNKNOWN
    if is_async is False and is_loop(name):
        return Misfit.BLOCKS
    return Misfit.NOT_AWAITED if is_async and name == THREAD else None


def problem(name: object, is_async: bool, others: Collection[str]) -> str:
    """Return why a function cannot have this executor, and what to do; nothing if it can."""
    match misfit(name, is_async, others):
        case Misfit.UNKNOWN:
            return f"executor must be one of {known(others)}, or a key of OPTIONS['EXECUTORS'], not {name!r}."
        case Misfit.BLOCKS:
            return f"executor {name!r} runs coroutine functions only: any other would block its loop. Use 'thread'."
        case Misfit.NOT_AWAITED:
            return "executor 'thread' does not await coroutine functions. Use 'asyncio', or 'asyncio:name' for a loop."
        case None:
            return ""

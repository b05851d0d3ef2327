"""A file that many processes append to: what happened, in its order, whatever the database says."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

PATIENCE = 120.0
"""Seconds after which a job that waits for the test gives up: later than every test that must not wait for it."""


def leave(path: str, word: str) -> None:
    """Append one line. O_APPEND makes a short write one piece, so lines of several processes never mix."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, f"{word}\n".encode())
    finally:
        os.close(handle)


def read(path: str | Path) -> list[str]:
    """Return the lines so far."""
    trail = Path(path)
    return trail.read_text().splitlines() if trail.exists() else []


def hold(gate: str) -> bool:
    """Wait until the file ``gate`` exists; return whether it does."""
    deadline = time.monotonic() + PATIENCE
    while not Path(gate).exists() and time.monotonic() < deadline:
        hold_a_moment()
    return Path(gate).exists()


def hold_a_moment() -> None:
    """Let 10 ms pass."""
    threading.Event().wait(0.01)

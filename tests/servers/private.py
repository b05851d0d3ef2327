"""Start a database server of our own on a temporary directory and a free port."""

from __future__ import annotations

import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.database import Unavailable
from tests.servers.waiting import wait_until

GUARD = Path(__file__).with_name("guard.py")
START_SECONDS = 60


@dataclass(frozen=True)
class Recipe:
    """What the guard needs to know; "{directory}" in a command stands for the temporary directory."""

    prepare: list[list[str]]
    serve: list[str]
    stop: str
    user: str | None = None
    again: bool = False
    """Whether it is started anew when it ends by itself, as by a system that looks after its services."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int, seconds: float = 1.0) -> bool:
    """Return whether something accepts connections on that port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=seconds).close()
    except OSError:
        return False
    return True


def unprivileged(*names: str) -> str | None:
    """Return whom a server must run as: the first existing of ``names`` for root, nobody special otherwise.

    Database servers refuse to run as root.
    """
    if os.getuid() != 0:
        return None
    existing = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in names if name in existing)


@contextmanager
def private_server(recipe: Recipe, answers: Callable[[], bool]) -> Iterator[int]:
    """Keep a server running inside the block, from the moment it ``answers``; give the guard's process id.

    Raise Unavailable with the server's own words if it does not start.
    """
    # A session of its own: Ctrl-C must not end the guard before it has cleaned up.
    guard = subprocess.Popen(
        [sys.executable, str(GUARD), json.dumps(asdict(recipe))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert guard.stdin
    assert guard.stdout
    with guard.stdout, guard.stdin:
        try:
            wait_until(lambda: guard.poll() is not None or answers(), START_SECONDS, "the server answers")
            if guard.poll() is not None:
                raise Unavailable(f"{Path(recipe.serve[0]).name} did not start: {guard.stdout.read().strip()}")
            yield guard.pid
        finally:
            guard.stdin.close()
            guard.wait(30)

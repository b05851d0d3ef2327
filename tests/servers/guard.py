"""Run one private database server for as long as the process that asked for it lives.

A program of its own, because a test run that is killed with SIGKILL can clean up nothing: this one notices that its
standard input was closed, stops the server, and removes its directory.
Argument: JSON with ``prepare`` (commands to run first), ``serve`` (the server's command, in the foreground), ``user``
(whom to run them as, or null), ``stop`` (the signal for an orderly stop), ``again`` (whether a server that ends by
itself is started anew). "{directory}" in a command is replaced.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

STOP_SECONDS = 10
SHOWN = 3000


def main(recipe: dict[str, Any]) -> int:
    """Serve until standard input ends; return 1, with the server's log on standard output, if it ended by itself."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    directory = Path(tempfile.mkdtemp(prefix="tasks-fsm-"))
    try:
        if recipe["user"]:
            shutil.chown(directory, recipe["user"])
        with (directory / "log").open("wb") as log:
            ended_early = serve(recipe, directory, log, parent)
        if ended_early:
            print((directory / "log").read_text(errors="replace")[-SHOWN:])
        return int(ended_early)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def serve(recipe: dict[str, Any], directory: Path, log: IO[bytes], parent: int) -> bool:
    """Prepare, start, wait and stop; return whether a step failed or the server ended before it was told to."""
    how: dict[str, Any] = {"cwd": directory, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
    if recipe["user"]:
        how |= {"user": recipe["user"], "extra_groups": []}
    for command in recipe["prepare"]:
        if subprocess.run(filled(command, directory), **how).returncode:
            return True
    while True:
        server = subprocess.Popen(filled(recipe["serve"], directory), **how)
        try:
            wait_for_end(server, parent)
            ended = server.poll() is not None
        finally:
            stop(server, getattr(signal, recipe["stop"]))
        if not (ended and recipe["again"]):
            return ended


def filled(command: list[str], directory: Path) -> list[str]:
    """Return the command with the server's directory put in."""
    return [word.replace("{directory}", str(directory)) for word in command]


def wait_for_end(server: subprocess.Popen[bytes], parent: int) -> None:
    """Wait until the asking process closes the pipe or dies, or the server ends.

    The parent is looked at too: a forked grandchild may hold the pipe open.
    """
    while server.poll() is None and os.getppid() == parent:
        if select.select([sys.stdin], [], [], 1.0)[0] and not sys.stdin.read(1):
            return


def stop(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Ask the server to stop, and kill it past the deadline."""
    if server.poll() is not None:
        return
    server.send_signal(number)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))

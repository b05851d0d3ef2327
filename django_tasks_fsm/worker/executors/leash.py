"""One child process and the line to it, as its keeper holds them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing import Pipe
from typing import Any

MOST_SECONDS_TO_DIE = 5.0
# Settings come from the environment, as they came to this process; the path from here, because manage.py adds to it.
BEGINNING = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
import django
django.setup()
from django_tasks_fsm.worker.executors.child import Child
Child(int(sys.argv[2])).live()
"""


class ChildDied(Exception):
    """Says that the process has ended; the message says how."""


class Leash:
    """A fresh interpreter, not a fork: it has no threads, locks and connections of ours.

    It leads a session of its own, so that Ctrl-C means the worker only, and what it has started can be ended with it.
    What is said on the line is JSON text, in frames.
    """

    def __init__(self) -> None:
        self._line, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", BEGINNING, json.dumps(sys.path), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def lives(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def say(self, **message: Any) -> None:
        """Send a message; raise ChildDied."""
        try:
            self._line.send_bytes(json.dumps(message).encode())
        except OSError:
            self._bury()

    def hear(self, seconds: float) -> dict[str, Any]:
        """Return the next message, or an empty one if there is none for so long; raise ChildDied."""
        try:
            if self._line.poll(seconds) or self._has_ended_and_left_something():
                message: dict[str, Any] = json.loads(self._line.recv_bytes())
                return message
        except (EOFError, OSError):
            self._bury()
        return {}

    def _has_ended_and_left_something(self) -> bool:
        # Forks of the child hold its end of the line open, so that the line alone does not tell that it has ended.
        if self._process.poll() is None:
            return False
        if not self._line.poll(0):
            self._bury()
        return True

    def ask_to_end(self) -> None:
        """Send SIGTERM, which breaks off the function that it executes; idle, it ends."""
        self._process.terminate()

    def kill(self) -> None:
        """Kill the process and all that it has started in its session."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def let_go(self) -> None:
        """End the process, which has nothing to do, and wait until it is gone."""
        with suppress(ChildDied):
            self._bury()

    def _bury(self) -> None:
        self._line.close()
        with suppress(subprocess.TimeoutExpired):  # its line is closed, but it may need a moment to end
            self._process.wait(0.5)
        self.kill()
        with suppress(subprocess.TimeoutExpired):  # it hangs in the kernel
            self._process.wait(MOST_SECONDS_TO_DIE)
        raise ChildDied(_how(self._process.returncode))


def _how(code: int | None) -> str:
    if code is None:
        return "does not end"
    if code >= 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"

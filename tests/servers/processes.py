"""Real processes for tests: started against the test database, watched line by line, ended by their id."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANAGE = ROOT / "testproject" / "manage.py"
TETHER = Path(__file__).with_name("tether.py")


def environment(database_url: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment with the test database and the test settings put in."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ours = {
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
    }
    # Where bytecode is not kept, each process would compile everything anew: half of what its start costs.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, **ours, **(extra or {})}


def run_manage(
    database_url: str, *args: str, seconds: float = 60, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a management command to its end; raise subprocess.TimeoutExpired past the deadline."""
    return subprocess.run(
        [sys.executable, str(MANAGE), *args],
        env=environment(database_url, env),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


class ManageProcess:
    """A running management command and what it has printed so far."""

    def __init__(self, database_url: str, *args: str, env: Mapping[str, str] | None = None) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._closed = False
        self.process = subprocess.Popen(
            [sys.executable, str(TETHER), sys.executable, str(MANAGE), *args],
            env=environment(database_url, env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"log of {self.process.pid}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """Return everything printed so far, standard error included."""
        with self._changed:
            return "".join(self._lines)

    def wait_for(self, pattern: str, seconds: float = 60) -> str:
        """Return the first line that matches; raise AssertionError with the log past the deadline or the end."""
        wanted = re.compile(pattern)

        def found() -> list[str]:
            return [line for line in self._lines if wanted.search(line)]

        with self._changed:
            self._changed.wait_for(lambda: found() or self._closed, seconds)
            lines, ended = found(), self._closed
        if not lines:
            when = "before it ended" if ended else f"within {seconds:g} s"
            raise AssertionError(f"Process {self.pid} did not print {pattern!r} {when}. Its log:\n{self.log}")
        return lines[0]

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 30) -> int:
        """Return the exit code; raise AssertionError with the log past the deadline."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"Process {self.pid} still runs after {seconds:g} s. Its log:\n{self.log}") from None
        self._reader.join(seconds)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal and return the exit code."""
        self.send(number)
        return self.wait(seconds)

    def close(self) -> None:
        """Kill the process if it still runs (a stopped one too), and what it has started, and release its pipe."""
        # It leads a process group of its own, which outlives it as long as a child does.
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        assert self.process.stdout
        self.process.stdout.close()

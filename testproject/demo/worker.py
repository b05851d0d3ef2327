"""The worker of the demonstration: a process of its own, which does not outlive this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from django.conf import settings
from django.core.management.base import CommandError

from django_tasks_fsm.worker.stop import StopSwitch
from django_tasks_fsm.worker.supervisor import PARENT

GRACE = 10
PATIENCE = GRACE + 5.0
FLAGS = ("--queues=*", "--concurrency=4", "--no-reload", "--name=demo", f"--grace={GRACE}")
TAIL = 15


class DemoWorker:
    """Start on entering, stop on leaving: with SIGTERM and time to finish, by force when that is over."""

    def __init__(self, log: Path, switch: StopSwitch) -> None:
        self._log, self._switch = log, switch
        self._offset = 0

    def __enter__(self) -> DemoWorker:
        """Start the process, in a session of its own, so that Ctrl-C reaches only the one that stops it in order."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._offset = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "runworker", *FLAGS],
                # Named there, the parent's end is noticed by the worker, even if it was killed.
                env={**os.environ, PARENT: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the process."""
        if self._process.poll() is None:
            self._process.terminate()
        deadline = time.monotonic() + PATIENCE
        while self._process.poll() is None:
            if time.monotonic() > deadline or self._switch.at_once:
                self._kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def require_alive(self) -> None:
        """Raise CommandError with the end of the log when the worker has ended by itself."""
        code = self._process.poll()
        if code is not None:
            raise CommandError(f"The worker has ended with code {code}. The end of {self._log}:\n{self.tail()}")

    def tail(self) -> str:
        """Return the last lines that this worker has written."""
        with self._log.open("rb") as log:
            log.seek(self._offset)
            lines = log.read().decode(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL:]) or "  (nothing)"

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

"""One real worker, and what can be done to it."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from django_tasks_fsm.failpoints import EXIT_CODE
from tests.chaos.faults import LONGER
from tests.servers.processes import ManageProcess

LEASE = 1.0
FLAGS = ("--interval=0.1", "--no-reload", "--concurrency=4", "--grace=5")
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "TESTS_LEASE_SECONDS": str(LEASE)}
OUTAGE = re.compile(r"django\.db\.utils\.(Operational|Interface)Error")
FIRED = re.compile(r"Failpoint (\S+), passing \d+: (\w+)\.")


class Worker:
    """One process: when it is to be continued, and whether somebody has asked it to go or has killed it."""

    def __init__(self, url: str, env: dict[str, str]) -> None:
        self.process = ManageProcess(url, "runworker", *FLAGS, env={**SETTINGS, **env})
        self.wakes_at: float | None = None
        self._is_asked = self._is_killed = False

    def kill(self) -> None:
        """End it as the kernel would."""
        self._is_killed = True
        self.process.send(signal.SIGKILL)

    def term(self) -> None:
        """Ask it to go."""
        self._is_asked = True
        self.process.send(signal.SIGTERM)

    def stop(self, seconds: float) -> None:
        """Let it stand still for so long."""
        self.wakes_at = time.monotonic() + seconds
        self.process.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Continue it."""
        self.process.send(signal.SIGCONT)
        self.wakes_at = None

    @property
    def has_ended(self) -> bool:
        """Tell whether the process is gone."""
        return self.process.process.poll() is not None

    @property
    def has_begun(self) -> bool:
        """Tell whether it has said that it is ready."""
        return "ready" in self.process.log

    def has_stopped_itself(self) -> bool:
        """Tell whether a failpoint has just stopped it."""
        if self.wakes_at is not None or self.has_ended:
            return False
        with suppress(ChildProcessError):  # it has ended this moment
            return os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
        return False

    def fired(self) -> Iterable[str]:
        """Return what its failpoints have done."""
        return [action for _, action in FIRED.findall(self.process.log)]

    def crashed(self) -> str:
        """Wait for the end; return the log of a worker that has ended for no reason of ours, else nothing."""
        code, log = self.process.wait(120), self.process.log
        # Who finds no database at the start ends, and leaves it to his supervisor to start him again.
        has_died = {"kill9", "exit"} & {*self.fired()}
        expected = {
            0: self._is_asked,
            EXIT_CODE: has_died,
            -signal.SIGKILL: self._is_killed or has_died,
            -signal.SIGTERM: self._is_asked and not self.has_begun,  # it could not listen yet
            1: OUTAGE.search(log) and not self.has_begun,
        }
        return "" if expected.get(code) else f"A worker ended with {code}:\n{log[-6000:]}"


class Waker:
    """Continue, in a thread, whoever has stood still for long enough.

    A thread: who stops may hold SQLite's write lock, which the storm waits for too.
    """

    def __init__(self, workers: Sequence[Worker], seed: int) -> None:
        self._workers, self._dice, self._end = workers, random.Random(f"{seed} stops"), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="waker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            now = time.monotonic()
            for worker in list(self._workers):
                if worker.has_stopped_itself():
                    worker.wakes_at = now + self._dice.uniform(*LONGER) * LEASE
                elif worker.wakes_at is not None and now >= worker.wakes_at:
                    worker.go_on()

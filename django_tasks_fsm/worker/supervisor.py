"""Several worker processes under one roof: started together, restarted when they crash, stopped together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.recycling import AGAIN, MEGABYTE
from django_tasks_fsm.worker.stop import StopSwitch

logger = logging.getLogger("django_tasks_fsm")

LOOK_EVERY = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
HEALTHY_AFTER = 60.0
PARENT = "DJANGO_TASKS_FSM_SUPERVISOR"
"""Tells a child the process id of its supervisor, without which it stops."""
SUCCEEDS = "DJANGO_TASKS_FSM_SUCCEEDS"
"""Tells a child that another one was in its place before, whose size and pause it takes over."""


@dataclass
class Child:
    """One place under the roof; its process may be replaced."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    crashes: int = 0
    start_at: float = field(default_factory=time.monotonic)
    done: bool = False
    is_first: bool = True
    """Whether no process has been in this place yet."""
    told: bool = False
    """Whether it has been asked to stop."""


class Supervisor:
    """Hold ``count`` children, each a worker in a session of its own, so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, config: WorkerConfig, count: int, switch: StopSwitch, verbosity: int) -> None:
        self._config, self._switch, self._verbosity = config, switch, verbosity
        self._children = [Child(number) for number in range(1, count + 1)]
        switch.on_ask(self._pass_on)

    def run(self) -> int:
        """Keep the children running until they are done or the switch is thrown; return the worst exit code."""
        while not self._switch.asked and not all(child.done for child in self._children):
            for child in self._children:
                self._look_after(child)
            self._switch.wait(LOOK_EVERY)
        return max((self._code_of(child) for child in self._children), default=0)

    def _look_after(self, child: Child) -> None:
        if child.done or self._switch.asked:
            return
        if child.process is None:
            if time.monotonic() >= child.start_at:
                self._start(child)
        elif (code := child.process.poll()) is not None:
            self._ended(child, code)

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(self._command(child), env=self._environment(child), start_new_session=True)
        child.started_at, child.is_first = time.monotonic(), False
        if self._switch.asked and not child.told:  # the signal came while the process was being made
            self._tell(child)

    def _ended(self, child: Child, code: int) -> None:
        if code == 0 and self._ends_by_itself():
            child.done = True
            return
        if code == AGAIN:
            child.process, child.start_at, child.crashes = None, time.monotonic(), 0
            logger.info("Worker process %d makes room for a fresh one.", child.number)
            return
        healthy = time.monotonic() - child.started_at > HEALTHY_AFTER
        child.crashes = 0 if healthy else child.crashes + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(child.crashes, 10))
        child.process, child.start_at = None, time.monotonic() + pause
        logger.warning("Worker process %d ended with code %d; starting it again in %.1f s.", child.number, code, pause)

    def _ends_by_itself(self) -> bool:
        return self._config.burst or self._config.max_seconds is not None

    def _pass_on(self) -> None:
        for child in self._children:
            self._tell(child)

    def _tell(self, child: Child) -> None:
        # Called in a signal handler too: a kill is all it does.
        if child.process is not None and child.process.poll() is None:
            child.told = True
            child.process.send_signal(signal.SIGTERM)

    def _code_of(self, child: Child) -> int:
        code = 0 if child.process is None else child.process.wait()
        # A child that was told before it could listen dies of the signal, with nothing in hand.
        return 0 if code == AGAIN or (child.told and code == -signal.SIGTERM) else abs(code)

    def _environment(self, child: Child) -> dict[str, str]:
        ours = {PARENT: str(os.getpid()), SUCCEEDS: "" if child.is_first else "yes"}
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **ours}

    def _command(self, child: Child) -> list[str]:
        config = self._config
        given = {
            "--queues": ",".join(config.queues),
            "--exclude-queues": ",".join(config.excluded_queues),
            "--concurrency": config.concurrency,
            "--interval": config.interval,
            "--max-tasks": config.max_tasks,
            "--max-seconds": config.max_seconds,
            "--max-rss": None if config.max_rss is None else config.max_rss // MEGABYTE,
            "--name": f"{config.name}/{child.number}",
            "--grace": config.grace,
            "--database": config.using,
            "--heartbeat-file": f"{config.heartbeat_file}.{child.number}" if config.heartbeat_file else None,
        }
        flags = [f"{flag}={value}" for flag, value in given.items() if value not in (None, "")]
        flags += [f"--reserve={priority}={slots}" for priority, slots in config.reserve]
        flags += [f"--queue-concurrency={name}={most}" for name, most in config.queue_concurrency]
        flags += ["--paused"] if config.paused else []
        burst = ["--burst"] if config.burst else []
        room = ["tasks_fsm", f"--verbosity={self._verbosity}", "worker"]
        return [sys.executable, "-m", "django", *room, "--no-reload", *flags, *burst]

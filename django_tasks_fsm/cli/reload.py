"""Restart the worker when code changes: for development."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.utils import autoreload

from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch

PATIENCE = 10.0
"""Seconds that a running task is given when the code under it has changed; it is given back after that."""


RESTART = 3
"""The exit code by which a process of Django's reloader asks for another one."""


def run_reloading(config: WorkerConfig) -> None:
    """Run the worker in a child process with Django's reloader, and start another one when code has changed.

    Not below Django's own parent process: that one kills its child a quarter of a second after Ctrl-C, and at once when
    it is told to end, in the middle of whatever runs.
    """
    if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) == "true":
        _work(config)
    else:
        sys.exit(_replace_until_it_ends())


def _replace_until_it_ends() -> int:
    code = RESTART
    while code == RESTART:
        child = subprocess.Popen(
            autoreload.get_child_arguments(), env={**os.environ, autoreload.DJANGO_AUTORELOAD_ENV: "true"}
        )
        signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))  # noqa: B023  # this round's
        signal.signal(signal.SIGINT, lambda number, frame: None)  # a terminal has sent it to the child as well
        code = child.wait()
    return code if code >= 0 else 128 - code  # as a shell tells of a signal


def _work(config: WorkerConfig) -> None:
    """Run the worker in a thread below the reloader; at a change it stops gently, then the process ends."""
    # Whoever started us in the background of a shell has left SIGINT ignored, and the reloader ends by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    switch = StopSwitch()
    ended = threading.Event()

    def main() -> None:
        try:
            Worker(config, switch).run()
        finally:
            ended.set()

    def stop(reason: str) -> None:
        switch.ask(reason)
        ended.wait(PATIENCE)

    def changed(sender: Any, file_path: Path, **kwargs: Any) -> None:
        stop(f"{file_path.name} has changed")

    autoreload.file_changed.connect(changed, weak=False)
    try:
        autoreload.run_with_reloader(main)
    finally:
        stop("the reloader ends")

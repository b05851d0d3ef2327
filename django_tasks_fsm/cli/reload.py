"""Restart the worker when code changes: for development."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from django.utils import autoreload

from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch

PATIENCE = 10.0
"""Seconds that a running task is given when the code under it has changed; it is given back after that."""


def run_reloading(config: WorkerConfig) -> None:
    """Run the worker in a thread below Django's reloader; at a change it stops gently, then the process is replaced."""
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
        if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) == "true":
            stop("the reloader ends")

"""A project's own objects that live as long as a worker process: a metrics exporter, a listener, a cache to warm."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from django_tasks_fsm.worker.executors import connections

if TYPE_CHECKING:
    from django_tasks_fsm.worker.service import Worker

logger = logging.getLogger("django_tasks_fsm")

STOP_WITHIN = 5.0
"""Seconds for all plug-ins together."""


class Plugins:
    """Start and stop what ``OPTIONS["PLUGINS"]`` names, each in a thread of its own: none can hold the worker up."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._started: list[tuple[str, Any]] = []
        self._lock = threading.Lock()

    def start(self, worker: Worker) -> None:
        """Make each plug-in and call its ``start(worker)``, which may go on for as long as the worker lives."""
        for path in self._paths:
            self._in_thread(path, partial(self._start, path, worker))

    def stop(self, seconds: float = STOP_WITHIN) -> None:
        """Call ``stop(timeout)`` of each, the last one started first, and wait no longer than ``seconds`` for all."""
        deadline = time.monotonic() + seconds
        with self._lock:
            started = self._started[::-1]
        threads = [(path, self._in_thread(path, partial(plugin.stop, seconds))) for path, plugin in started]
        for path, thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                logger.warning("Plug-in %s has not stopped within %g s; it is left behind.", path, seconds)

    def _start(self, path: str, worker: Worker) -> None:
        plugin = import_string(path)()
        with self._lock:
            self._started.append((path, plugin))
        plugin.start(worker)

    def _in_thread(self, path: str, call: Callable[[], object]) -> threading.Thread:
        name = f"tasks-fsm-plugin-{path.rpartition('.')[2]}"
        thread = threading.Thread(target=self._safely, args=[path, call], name=name, daemon=True)
        thread.start()
        return thread

    def _safely(self, path: str, call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException:  # a plug-in's mistake, sys.exit() among them, is reported; worker and others go on
            logger.exception("Plug-in %s failed.", path)
        finally:
            connections.close()

"""Workers in threads of the test's own process: as good as a process for what does not kill them, and far cheaper."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import pytest
from django.db import connections

from django_tasks_fsm import signals
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.service import Worker
from django_tasks_fsm.worker.stop import StopSwitch
from tests.servers.waiting import wait_until

PATIENCE = 30.0
Wrapper = Callable[..., Any]


class WorkerThread:
    """One worker and the thread that is its main loop."""

    def __init__(self, config: WorkerConfig, wrapper: Wrapper | None) -> None:
        self.switch = StopSwitch()
        self.worker = Worker(config, self.switch)
        self.code: int | None = None
        self.died = ""
        self._wrapper = wrapper
        self._thread = threading.Thread(target=self._run, name=f"worker {config.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                if self._wrapper is not None:
                    stack.enter_context(connections["default"].execute_wrapper(self._wrapper))
                self.code = self.worker.run()
        except BaseException:
            self.died = traceback.format_exc()
        finally:
            connections.close_all()

    @property
    def is_alive(self) -> bool:
        """Return whether the worker runs."""
        return self._thread.is_alive()

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return the exit code; fail past the deadline, or if the worker raised."""
        self._thread.join(seconds)
        assert not self.is_alive, f"the worker still runs after {seconds:g} s"
        assert self.code is not None, f"the worker died:\n{self.died}"
        return self.code

    def stop(self, now: bool = False) -> int:
        """Ask the worker to stop and return the exit code."""
        self.switch.ask("the test asks", now=now)
        return self.wait()


class StartWorker(Protocol):
    """Start a worker with this configuration; ``wrapper`` sees each statement of its main loop."""

    def __call__(self, *, wrapper: Wrapper | None = ..., **config: Any) -> WorkerThread: ...


@pytest.fixture
def start_worker(transactional_db: None) -> Iterator[StartWorker]:
    """Give ``start_worker(**config)``; what still runs at the end of the test is stopped at once."""
    workers: list[WorkerThread] = []

    def start(*, wrapper: Wrapper | None = None, **config: Any) -> WorkerThread:
        workers.append(WorkerThread(WorkerConfig(**{"name": "tested", "interval": 0.1, **config}), wrapper))
        return workers[-1]

    yield start
    for worker in workers:
        worker.switch.ask("the test ends", now=True)
        worker._thread.join(PATIENCE)
        assert not worker.is_alive
        assert not worker.died, worker.died


@pytest.fixture
def quick_options(settings: Any) -> None:
    """Make leases short in this process."""
    options = {"LEASE_SECONDS": 1.0, "HEARTBEAT_SECONDS": 0.1}
    settings.TASKS = {"default": {**settings.TASKS["default"], "QUEUES": [], "OPTIONS": options}}


@pytest.fixture(scope="session", autouse=True)
def listeners_end(django_db_setup: None) -> Iterator[None]:
    """Wait, once, for threads that end within a second after their worker: the database is dropped next."""
    yield
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("tasks-fsm-listen")], PATIENCE)


@contextmanager
def other_process() -> Iterator[None]:
    """Keep what is enqueued inside from this process's own workers: only the database can tell them."""
    receivers, signals.work_ready.receivers = signals.work_ready.receivers, []
    signals.work_ready.sender_receivers_cache.clear()
    try:
        yield
    finally:
        signals.work_ready.receivers = receivers
        signals.work_ready.sender_receivers_cache.clear()

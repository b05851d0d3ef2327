"""Services in worker threads and processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from django_tasks_fsm.models import TaskRun
from tests.jobs import trail as trails
from tests.jobs.consistency import consistent
from tests.jobs.database import transactional_db
from tests.jobs.processes import FAST, SHORT_LEASE
from tests.jobs.threads import listeners_end, quick_options, start_worker
from tests.servers.processes import ManageProcess

__all__ = ["consistent", "listeners_end", "quick_options", "start_worker", "transactional_db"]


@pytest.fixture
def trail(tmp_path: Any) -> str:
    """Give the file that services leave their steps in."""
    return str(tmp_path / "trail")


@pytest.fixture
def gate(tmp_path: Any) -> Iterator[str]:
    """Give a file that opens at the end of the test at the latest."""
    yield str(tmp_path / "gate")
    (tmp_path / "gate").touch()


@pytest.fixture
def begun(trail: str, wait_until: Callable[..., Any]) -> Callable[..., TaskRun]:
    """Give ``begun(service, *args)``: its run, once it has ticked in a worker."""

    def begin(service: Any, *args: Any, steps: int = 2) -> TaskRun:
        result = service.enqueue(trail, *args)
        wait_until(lambda: len(trails.read(trail)) >= steps)
        run: TaskRun = TaskRun.objects.get(pk=result.id)
        return run

    return begin


@pytest.fixture
def start_service_process(worker_process: Callable[..., ManageProcess]) -> Callable[..., ManageProcess]:
    """Give ``start(*args, lease=1)``: a worker process that knows tests.jobs.services."""

    def start(*args: str, lease: float = SHORT_LEASE) -> ManageProcess:
        env = {
            "DJANGO_SETTINGS_MODULE": "tests.jobs.settings",
            "TESTS_LEASE_SECONDS": str(lease),
            "TESTS_TASK_MODULES": "tests.jobs.services",
        }
        return worker_process(*FAST, *args, env=env)

    return start

"""Workers as processes with the settings of tests.jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from tests.servers.processes import ManageProcess

FAST = ("--interval=0.1", "--no-reload")
LONG_LEASE = 30.0
"""Seconds that no machine is too busy for: for tests in which nobody may be taken for dead."""
SHORT_LEASE = 1.0


class StartProcess(Protocol):
    """Start ``runworker`` with these arguments and wait until it is ready."""

    def __call__(self, *args: str, lease: float = ..., ready: str | None = ...) -> ManageProcess: ...


@pytest.fixture
def start_process(worker_process: Callable[..., ManageProcess]) -> StartProcess:
    """Give ``start_process(*args, lease=30)``."""

    def start(*args: str, lease: float = LONG_LEASE, ready: str | None = "ready") -> ManageProcess:
        env = {"DJANGO_SETTINGS_MODULE": "tests.jobs.settings", "TESTS_LEASE_SECONDS": str(lease)}
        return worker_process(*FAST, *args, ready=ready, env=env)

    return start

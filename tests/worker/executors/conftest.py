"""Child processes for the tests of executors."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest

from django_tasks_fsm.worker.errand import Sender
from django_tasks_fsm.worker.executors.process import ProcessExecutor
from tests.worker.conftest import Reports

SENDER = Sender("default", uuid.uuid4())


@pytest.fixture
def child_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let child processes find the tasks of tests.jobs.processed."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.processed")


@pytest.fixture
def children(reports: Reports, child_settings: None) -> Iterator[ProcessExecutor]:
    """Give an executor with one child process."""
    executor = ProcessExecutor(reports.report, reports.begun.append, 1, SENDER)
    yield executor
    executor.stop()


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
    except OSError:
        os.kill(pid, 0)
        return True

"""A worker that dies takes its child processes along, and what they held is finished by another one."""

from __future__ import annotations

import os
import signal

import pytest

from django_tasks_fsm.models import TaskRun
from tests.jobs import processed, trail
from tests.jobs.processes import SHORT_LEASE
from tests.worker.executors.conftest import child_settings, is_alive

__all__ = ["child_settings"]
pytestmark = pytest.mark.usefixtures("child_settings", "quick_options")


def began(path):
    return [int(word) for line in trail.read(path) for word in line.split()[1:]]


@pytest.mark.fault("F1", "F10")
def test_children_end_with_their_killed_parent_and_the_run_is_finished(start_process, tmp_path, wait_until):
    path, gate = str(tmp_path / "trail"), str(tmp_path / "gate")
    first = start_process(lease=SHORT_LEASE)
    result = processed.hold.enqueue(path, gate)
    wait_until(lambda: began(path))
    assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    (pid,) = began(path)
    wait_until(lambda: not is_alive(pid))
    second = start_process(lease=SHORT_LEASE)
    wait_until(lambda: len(began(path)) == 2)
    open(gate, "w").close()
    result.wait(30)
    assert TaskRun.objects.get(pk=result.id).attempt == 2
    assert second.stop() == 0


@pytest.mark.fault("F7")
def test_a_child_that_the_kernel_kills_fails_its_run_and_the_worker_goes_on(start_process, tmp_path, wait_until):
    path, gate = str(tmp_path / "trail"), str(tmp_path / "gate")
    worker = start_process()
    result = processed.hold.enqueue(path, gate)
    wait_until(lambda: began(path))
    (pid,) = began(path)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: TaskRun.objects.get(pk=result.id).state == "FAILED")
    assert "was ended by SIGKILL" in TaskRun.objects.get(pk=result.id).error
    processed.where.enqueue().wait(30)
    assert worker.stop() == 0


@pytest.mark.fault("F3", "F10")
def test_a_second_signal_leaves_at_once_and_takes_the_children_along(start_process, tmp_path, wait_until):
    path = str(tmp_path / "trail")
    worker = start_process("--grace=60")
    result = processed.cling.enqueue(path)
    wait_until(lambda: began(path))
    worker.send(signal.SIGTERM)
    worker.wait_for("stops")
    assert worker.stop(signal.SIGTERM, seconds=10) == 1
    wait_until(lambda: not any(map(is_alive, began(path))))
    assert TaskRun.objects.get(pk=result.id).state == "QUEUED"

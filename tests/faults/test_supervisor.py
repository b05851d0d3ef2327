"""Several workers under one roof."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from django_tasks_fsm.models import Worker
from tests.jobs import trail
from tests.jobs.tasks import hold, mark, noop


@pytest.fixture
def roof(start_process, wait_until):
    """Give a supervisor whose two children are ready."""
    process = start_process("--processes=2", "--name=roof", ready=None)
    wait_until(lambda: process.log.count("ready: queues") == 2)
    return process


def children():
    return dict(Worker.objects.filter(stopped_at=None).order_by("started_at").values_list("name", "pid"))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_both_work_and_sigterm_stops_all(roof, tmp_path, wait_until):
    assert sorted(children()) == ["roof/1", "roof/2"]
    gate = tmp_path / "gate"
    held = [hold.enqueue(str(tmp_path / "trail"), str(gate)) for _ in range(8)]
    wait_until(lambda: trail.read(tmp_path / "trail") == ["began 1"] * 8)
    gate.touch()
    for result in held:
        result.wait(30)
    pids = children().values()
    assert roof.stop() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert Worker.objects.filter(stopped_at=None).count() == 0


@pytest.mark.fault("F6")
def test_a_killed_child_is_replaced(roof, wait_until):
    former = children()["roof/1"]
    os.kill(former, signal.SIGKILL)
    roof.wait_for(r"Worker process 1 ended with code -9; starting it again")
    wait_until(lambda: roof.log.count("ready: queues") == 3)
    assert children()["roof/1"] != former
    noop.enqueue().wait(30)
    assert roof.stop() == 0


def test_nothing_outlives_a_killed_supervisor(roof, wait_until):
    pids = list(children().values())
    roof.process.kill()
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    assert Worker.objects.filter(stopped_at=None).count() == 0


@pytest.mark.fault("F3")
def test_a_second_signal_ends_all_at_once(roof, tmp_path, wait_until):
    hold.enqueue(str(tmp_path / "trail"), str(tmp_path / "gate"))
    wait_until(lambda: trail.read(tmp_path / "trail"))
    pids = children().values()
    roof.send(signal.SIGINT)
    wait_until(lambda: roof.log.count("stops: signal SIGTERM") == 2)
    assert roof.stop(signal.SIGINT) == 1
    assert not any(is_alive(pid) for pid in pids)


def test_a_burst_ends_when_all_have_drained(start_process, tmp_path):
    mark.enqueue_many([[str(tmp_path / "trail")]] * 50)
    process = start_process("--processes=2", "--burst", ready=None)
    assert process.wait(60) == 0
    assert len(set(trail.read(tmp_path / "trail"))) == len(trail.read(tmp_path / "trail")) == 50
    assert len(re.findall("has stopped", process.log)) == 2

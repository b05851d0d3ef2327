"""A worker is killed, or asked to stop, at each point between the claim of a run and the storing of its end."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from django_tasks_fsm import failpoints
from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import TaskRun, Worker
from tests.jobs import trail
from tests.jobs.tasks import mark

pytestmark = pytest.mark.slow

KILLED_AT = {
    "claim.committed": (2, 1),
    "run.started": (2, 1),
    "run.returned": (2, 2),
    "finish.written": (2, 2),
    "finish.committed": (1, 1),
}
"""How often the run is attempted, and its function executed, when its first worker is killed there."""


@pytest.fixture
def started(start_process, monkeypatch, tmp_path):
    """Give ``started(rule)``: a worker process with this failpoint, its run, and the trail of the run's function."""

    def start(rule):
        path = str(tmp_path / "trail")
        result = mark.enqueue(path, "ran")
        monkeypatch.setenv(failpoints.VARIABLE, rule)
        process = start_process(ready=None)
        monkeypatch.delenv(failpoints.VARIABLE)
        return process, TaskRun.objects.get(pk=result.id), path

    return start


def stands_still(process):
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.fault("F1")
@pytest.mark.parametrize("point", KILLED_AT)
def test_killed(started, start_worker, point):
    process, run, path = started(f"{point}=kill9")
    assert process.wait(90) == -signal.SIGKILL
    # As if the lease were over.
    Worker.objects.update(heartbeat_at=DatabaseNow() - timedelta(days=1))
    start_worker()
    run.wait(60)
    run.refresh_from_db()
    assert (run.state, run.attempt, len(trail.read(path))) == ("DONE", *KILLED_AT[point])


@pytest.mark.fault("F2")
@pytest.mark.parametrize("point", KILLED_AT)
def test_asked_to_stop(started, start_worker, wait_until, point):
    process, run, path = started(f"{point}=stop*1")
    wait_until(lambda: stands_still(process), 90)
    process.send(signal.SIGTERM)
    process.send(signal.SIGCONT)
    assert process.wait(90) == 0
    run.refresh_from_db()
    # What had not begun is given back, and nothing is charged or executed twice.
    assert (run.state, run.attempt, len(trail.read(path))) in {("QUEUED", 0, 0), ("DONE", 1, 1)}
    start_worker()
    run.wait(60)
    run.refresh_from_db()
    assert (run.state, run.attempt, len(trail.read(path))) == ("DONE", 1, 1)

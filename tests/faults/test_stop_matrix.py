"""Every way to stop a worker, with every executor: bounded, and nothing is lost, charged or left behind."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import pytest

from django_tasks_fsm.models import Task, TaskRun, Transition, Worker
from tests.jobs import stopping, trail
from tests.worker.executors.conftest import is_alive

BOUND = 12.0
"""Seconds in which a worker ends that need not wait for its run: as long as a busy machine may take for one second."""
ONE = (signal.SIGTERM,)
# Not the same twice: a signal that is pending when it is sent again comes once.
TWO = (signal.SIGTERM, signal.SIGINT)
GIVEN_BACK = "the worker stopped before it ended"

EXECUTORS = {
    "thread": stopping.hold,
    "asyncio": stopping.ahold,
    "asyncio:side": stopping.ahold,
    "process": stopping.hold,
    "inline": stopping.hold,
    "threads": stopping.hold,  # a pool that the settings name
}
SERVICES = {"service": stopping.serve, "service on a loop": stopping.aserve}


pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Stop:
    """How the worker is stopped, and what must come of it."""

    flags: tuple[str, ...]
    signals: tuple[signal.Signals, ...]
    gate_opens: bool
    code: int
    state: str
    attempt: int
    reasons: tuple[str, ...] = ()


STOPS = {
    "graceful": Stop(("--grace=60",), ONE, True, 0, "DONE", 1),
    "short grace": Stop(("--grace=0.3",), ONE, False, 0, "QUEUED", 0, (GIVEN_BACK,)),
    "second signal": Stop(("--grace=300",), TWO, False, 1, "QUEUED", 0, (GIVEN_BACK,)),
}


@pytest.fixture
def files(tmp_path, monkeypatch, database_url):
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.stopping")
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


def stop(process, how, gate):
    for number in how.signals:
        process.send(number)
    if how.gate_opens:
        open(gate, "w").close()
    return process.wait(BOUND)


@pytest.mark.fault("F2", "F3")
@pytest.mark.parametrize("function", SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("how", STOPS.values(), ids=STOPS)
def test_a_stop_of_a_service(start_process, start_worker, files, wait_until, function, how):
    result = function.enqueue(*files)
    process = start_process(*how.flags)
    wait_until(lambda: trail.read(files[0]))

    assert stop(process, how, files[1]) == how.code

    run = TaskRun.objects.get(pk=result.id)
    assert (run.state, run.attempt, run.fence) == ("QUEUED", 0, 1)
    reason = "the worker stops" if how.gate_opens else GIVEN_BACK
    assert Transition.objects.get(run=run).reason == reason
    assert not Worker.objects.filter(stopped_at=None).exists()
    if how.gate_opens:
        assert trail.read(files[0])[1:] == ["cleaned"]

    open(files[1], "w").close()
    heir = start_worker()
    wait_until(lambda: sum(line.startswith("began") for line in trail.read(files[0])) == 2)
    assert heir.stop() == 0


@pytest.mark.fault("F2", "F3")
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("how", STOPS.values(), ids=STOPS)
def test_a_stop(start_process, start_worker, files, wait_until, executor, how):
    function = EXECUTORS[executor]
    result = function.enqueue(*files)
    Task.objects.filter(name=function.module_path).update(executor=executor)
    process = start_process(*how.flags)
    wait_until(lambda: trail.read(files[0]))
    pid = int(trail.read(files[0])[0].split()[2])
    assert (pid == process.pid) == (executor != "process")

    assert stop(process, how, files[1]) == how.code

    run = TaskRun.objects.get(pk=result.id)
    assert (run.state, run.attempt, run.fence) == (how.state, how.attempt, 1)
    assert tuple(Transition.objects.filter(run=run).values_list("reason", flat=True)) == how.reasons
    assert not Worker.objects.filter(stopped_at=None).exists()
    wait_until(lambda: not is_alive(pid), 5)

    Task.objects.filter(name=function.module_path).update(executor="")
    open(files[1], "w").close()
    start_worker()
    assert result.wait(30) == 1
    assert len([line for line in trail.read(files[0]) if line.startswith("ended")]) == 1

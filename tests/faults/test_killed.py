"""Workers that die, or are thought dead: another one finishes what they held, once, and nobody's late result counts."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from django_tasks_fsm.models import TaskRun, Transition, Worker
from tests.jobs import trail
from tests.jobs.processes import SHORT_LEASE
from tests.jobs.tasks import die, hold, mark, noop

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def files(tmp_path):
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


@pytest.fixture
def held(start_process, files, wait_until):
    """Give a worker process with a short lease in the middle of a run, and the run."""
    result = hold.enqueue(*files)
    process = start_process(lease=SHORT_LEASE)
    wait_until(lambda: trail.read(files[0]))
    return process, TaskRun.objects.get(pk=result.id)


@pytest.mark.fault("F1")
def test_a_run_whose_worker_is_killed_is_finished_by_another(held, start_worker, files, wait_until):
    process, run = held
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    heir = start_worker()
    wait_until(lambda: len(trail.read(files[0])) == 2)
    open(files[1], "w").close()
    assert run.wait(30) == 2
    run.refresh_from_db()
    assert (run.attempt, run.fence, run.worker_id) == (2, 2, heir.worker.identity.id)
    assert trail.read(files[0]) == ["began 1", "began 2", "ended 2"]
    assert list(run.transitions.values_list("event", flat=True)) == ["lose"]


@pytest.mark.fault("F1")
def test_a_killed_idle_worker_is_missed_by_nobody(start_process, start_worker):
    start_process(lease=SHORT_LEASE).stop(signal.SIGKILL)
    result = noop.enqueue()
    start_worker()
    result.wait(30)
    assert not Transition.objects.exists()
    assert Worker.objects.filter(stopped_at=None).count() == 2


@pytest.mark.fault("F4")
def test_a_worker_that_slept_beyond_its_lease_changes_nothing(held, start_worker, files, wait_until):
    process, run = held
    process.send(signal.SIGSTOP)
    heir = start_worker()
    wait_until(lambda: len(trail.read(files[0])) == 2)
    open(files[1], "w").close()
    assert run.wait(30) == 2
    before = TaskRun.objects.filter(pk=run.pk).values().get()
    heir.stop()
    process.send(signal.SIGCONT)
    process.wait_for(f"Run {run.pk} .* fence 1: stale result dropped")
    assert TaskRun.objects.filter(pk=run.pk).values().get() == before
    noop.enqueue().wait(30)
    assert process.stop() == 0


@pytest.mark.fault("F6", "F8")
def test_a_run_that_kills_its_workers_is_given_up_and_the_fleet_lives(start_process, tmp_path, wait_until):
    # One at a time: a neighbour in the same process is lost with it, and counts that loss too.
    process = start_process("--processes=2", "--concurrency=1", lease=SHORT_LEASE, ready=None)
    wait_until(lambda: process.log.count("ready: queues") == 2)
    poison = die.enqueue(str(tmp_path / "trail"))
    others = mark.enqueue_many([[str(tmp_path / "others"), str(number)] for number in range(20)])
    wait_until(lambda: TaskRun.objects.get(pk=poison.id).state == "FAILED", 60)
    assert trail.read(tmp_path / "trail") == ["died"] * 3
    assert "failed as poison" in TaskRun.objects.get(pk=poison.id).error
    for result in others:
        result.wait(30)
    assert process.stop() == 0


def test_two_workers_run_a_thousand_runs_once_each(start_process, tmp_path, wait_until):
    processes = [start_process(ready=None) for _ in range(2)]
    for process in processes:
        process.wait_for("ready")
    mark.enqueue_many([[str(tmp_path / "trail")]] * 1000)
    wait_until(lambda: not TaskRun.objects.exclude(state="DONE").exists(), 60)
    done = trail.read(tmp_path / "trail")
    assert Counter(done) == Counter(str(pk) for pk in TaskRun.objects.values_list("pk", flat=True))
    assert set(TaskRun.objects.values_list("attempt", "fence")) == {(1, 1)}
    assert TaskRun.objects.values("worker").distinct().count() == 2
    assert [process.stop() for process in processes] == [0, 0]

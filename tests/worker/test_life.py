"""What a worker fires by starting and stopping: once each, run by itself, and within the grace."""

from __future__ import annotations

import pytest

from django_tasks_fsm.core.triggers import WorkerStart, WorkerStop, any_of, dump
from django_tasks_fsm.models import Task, TaskRun
from tests.jobs import trail
from tests.jobs.tasks import ahold, hold, noop


def fires(trigger, task=noop, name="greeting", **values):
    return Task.objects.create(name=name, function=task.module_path, trigger=dump(trigger), **values)


def runs(task):
    return list(TaskRun.objects.filter(task=task).order_by("pk"))


def test_a_start_is_fired_once_in_each_worker(start_worker, wait_until):
    task = fires(WorkerStart())
    started = [start_worker(), start_worker()]
    wait_until(lambda: [run.state for run in runs(task)] == ["DONE", "DONE"])
    assert {run.worker_id for run in runs(task)} == {one.worker.identity.id for one in started}


def test_a_stop_is_fired_once_by_the_worker_that_stops_and_is_done_before_it_has(start_worker):
    task = fires(WorkerStop())
    stopping, other = start_worker(), start_worker()
    noop.enqueue().wait(30)
    assert stopping.stop() == 0
    (run,) = runs(task)
    assert (run.state, run.worker_id) == ("DONE", stopping.worker.identity.id)
    other.stop()
    assert len(runs(task)) == 2


def test_one_task_may_be_fired_by_both(start_worker):
    task = fires(any_of(WorkerStart(), WorkerStop()))
    start_worker(burst=True).wait()
    assert [run.state for run in runs(task)] == ["DONE", "DONE"]


def test_a_stop_waits_for_what_is_running(start_worker, tmp_path, wait_until):
    files = str(tmp_path / "trail"), str(tmp_path / "gate")
    task = fires(WorkerStop())
    held = hold.enqueue(*files)
    worker = start_worker(grace=60.0)
    wait_until(lambda: trail.read(files[0]))
    worker.switch.ask("the test asks")
    open(files[1], "w").close()
    assert worker.wait() == 0
    (run,) = runs(task)
    assert TaskRun.objects.get(pk=held.id).finished_at <= run.started_at


def test_without_time_left_nothing_is_fired(start_worker, tmp_path, wait_until):
    files = str(tmp_path / "trail"), str(tmp_path / "gate")
    task = fires(WorkerStop())
    ahold.enqueue(*files)
    worker = start_worker(grace=0.1)
    wait_until(lambda: trail.read(files[0]))
    assert worker.stop() == 0
    assert runs(task) == []


def test_a_stop_that_takes_too_long_is_bounded_by_the_grace_and_given_back(start_worker, tmp_path):
    task = fires(WorkerStop(), ahold, args=[str(tmp_path / "trail"), str(tmp_path / "gate")])
    assert start_worker(grace=0.5).stop() == 0
    assert [run.state for run in runs(task)] == ["QUEUED"]


def test_the_second_wish_fires_nothing(start_worker, tmp_path, wait_until):
    files = str(tmp_path / "trail"), str(tmp_path / "gate")
    task = fires(WorkerStop())
    ahold.enqueue(*files)
    worker = start_worker(grace=60.0)
    wait_until(lambda: trail.read(files[0]))
    assert worker.stop(now=True) == 1
    assert runs(task) == []


@pytest.mark.parametrize("trigger", [WorkerStart(), WorkerStop()])
def test_a_function_that_is_not_here_does_not_keep_the_worker(start_worker, trigger):
    task = fires(trigger)
    Task.objects.filter(pk=task.pk).update(function="volatile.gone")
    assert start_worker(burst=True).wait() == 0
    assert "RUNNING" not in [run.state for run in runs(task)]

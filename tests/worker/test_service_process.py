"""Child processes under a whole worker: the same fence, the same requests, nothing left behind."""

from __future__ import annotations

import pytest

from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.worker.executors import stint
from tests.jobs import processed, trail
from tests.jobs.tasks import noop
from tests.worker.executors.conftest import child_settings, is_alive

__all__ = ["child_settings"]
pytestmark = pytest.mark.usefixtures("child_settings", "quick_options")


@pytest.fixture(autouse=True)
def same_database(database_url, monkeypatch):
    """Let child processes use the test's database, and give nobody a second to stop politely."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(stint, "POLITE", 0.0)
    monkeypatch.setattr(stint, "GRACE", 0.3)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "trail")


def began(path, wait_until):
    """Wait until the function has begun; return the processes it named."""
    wait_until(lambda: trail.read(path))
    return [int(word) for word in trail.read(path)[0].split()[1:]]


def test_progress_and_log_are_written_from_the_child(start_worker):
    start_worker()
    result = processed.tell.enqueue()
    _, attempt = result.wait(30)
    run = TaskRun.objects.get(pk=result.id)
    assert (run.progress, run.detail.progress_note, attempt) == (50, "half", 1)
    assert run.detail.log.endswith("INFO from a child\n")


def test_a_person_cancels_what_never_asks(start_worker, path, wait_until):
    start_worker()
    run = processed.cling.enqueue(path).run
    pids = began(path, wait_until)
    run.cancel(reason="not wanted any more")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "CANCELLED")
    assert "its process was killed" in Transition.objects.filter(run=run).latest("pk").reason
    wait_until(lambda: not any(map(is_alive, pids)))


def test_an_abort_ends_the_function_too(start_worker, path, wait_until):
    start_worker()
    run = processed.linger.enqueue(path).run
    began(path, wait_until)
    TaskRun.objects.get(pk=run.pk).abort(reason="now")
    wait_until(lambda: trail.read(path)[1:] == ["tidied"])
    assert TaskRun.objects.get(pk=run.pk).state == "ABORTED"


def test_time_at_rest_does_not_count_towards_the_timeout(start_worker, path, tmp_path, wait_until):
    start_worker()
    run = processed.rest.enqueue(path, str(tmp_path / "gate")).run
    began(path, wait_until)
    run = TaskRun.objects.get(pk=run.pk)
    run.pause(reason="a break")
    (tmp_path / "gate").touch()
    wait_until(lambda: len(trail.read(path)) == 2)
    trail.hold_a_moment()
    run.resume()
    assert run.wait(30) == "rested"


@pytest.mark.fault("F7")
def test_a_crash_leaves_the_worker_and_its_other_runs_alone(start_worker, path):
    worker = start_worker()
    crashed = processed.leave.enqueue(3)
    noop.enqueue().wait(30)
    with pytest.raises(Exception, match="ended with exit code 3"):
        crashed.wait(30)
    assert TaskRun.objects.get(pk=crashed.id).state == "FAILED"
    assert worker.is_alive
    processed.where.enqueue().wait(30)


def test_a_worker_that_stops_gives_back_what_clings_and_kills_it(start_worker, path, wait_until):
    worker = start_worker(grace=0.1)
    run = processed.cling.enqueue(path).run
    pids = began(path, wait_until)
    assert worker.stop() == 0
    wait_until(lambda: not any(map(is_alive, pids)))
    run = TaskRun.objects.get(pk=run.pk)
    assert (run.state, run.attempt) == ("QUEUED", 0)


def test_a_worker_that_stops_waits_for_what_is_nearly_done(start_worker, path, tmp_path, wait_until):
    worker = start_worker(grace=30.0)
    result = processed.hold.enqueue(path, str(tmp_path / "gate"))
    (pid,) = began(path, wait_until)
    worker.switch.ask("the test asks")
    (tmp_path / "gate").touch()
    assert worker.wait() == 0
    assert TaskRun.objects.get(pk=result.id).state == "DONE"
    wait_until(lambda: not is_alive(pid))

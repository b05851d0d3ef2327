"""What people want of a worker while it works, and what it says of itself, on a real database."""

from __future__ import annotations

import pytest

from django_tasks_fsm.models import TaskRun, Transition, Worker
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.worker_verbs import pause_workers, resize_workers, resume_workers
from django_tasks_fsm.worker import memory, saturation
from tests.jobs import trail
from tests.jobs.tasks import ahold, hold, noop

pytestmark = pytest.mark.usefixtures("quick_options")

ME = Actor("user:ada")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "trail")


@pytest.fixture
def gate(tmp_path):
    return tmp_path / "gate"


def row():
    return Worker.objects.get()


@pytest.mark.parametrize("task", [hold, ahold], ids=["threads", "coroutines"])
def test_it_grows_at_once_and_shrinks_as_runs_end(start_worker, path, gate, wait_until, task):
    worker = start_worker(concurrency=1)
    task.enqueue_many([[path, str(gate)]] * 4)
    wait_until(lambda: len(trail.read(path)) == 1)
    resize_workers([row().pk], 3, "default")
    wait_until(lambda: len(trail.read(path)) == 3)
    wait_until(lambda: row().concurrency == 3)
    resize_workers([row().pk], None, "default")
    wait_until(lambda: row().concurrency == 1)
    assert TaskRun.objects.filter(state="RUNNING").count() == 3
    gate.touch()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 4)
    assert not Transition.objects.exists()
    assert worker.stop() == 0


def test_one_slot_is_left_beside_the_reserved_ones_whatever_the_row_says(start_worker, wait_until):
    start_worker(concurrency=4, reserve=((50, 2),))
    wait_until(lambda: Worker.objects.exists())
    Worker.objects.update(desired_concurrency=1)
    wait_until(lambda: row().concurrency == 3)
    noop.enqueue().wait(30)


def test_a_paused_worker_claims_nothing_and_what_it_runs_goes_on(start_worker, path, gate, wait_until):
    worker = start_worker(concurrency=2)
    held = hold.enqueue(path, str(gate))
    wait_until(lambda: trail.read(path))
    pause_workers([row().pk], "default", actor=ME, reason="a look")
    wait_until(lambda: worker.worker._condition.is_paused)
    waiting = noop.enqueue()
    before = row().heartbeat_at
    wait_until(lambda: row().heartbeat_at > before)
    gate.touch()
    assert held.wait(30) == 1
    assert TaskRun.objects.get(pk=waiting.id).state == "QUEUED"
    resume_workers([row().pk], "default")
    waiting.wait(30)


def test_a_worker_that_starts_paused_waits_for_a_person(start_worker, wait_until):
    waiting = noop.enqueue()
    worker = start_worker(paused=True)
    wait_until(lambda: Worker.objects.filter(rss__gt=0).exists())
    assert (row().is_paused, row().paused_by) == (True, f"worker:{worker.worker.identity.id}")
    assert TaskRun.objects.get(pk=waiting.id).state == "QUEUED"
    resume_workers([row().pk], "default")
    waiting.wait(30)


def test_a_worker_that_does_not_keep_up_says_so_until_it_does(
    start_worker, path, gate, wait_until, caplog, settings, monkeypatch
):
    monkeypatch.setattr(saturation, "LOOK_EVERY", 0.05)
    options = {**settings.TASKS["default"]["OPTIONS"], "SATURATION_SECONDS": 0.1}
    settings.TASKS = {"default": {**settings.TASKS["default"], "OPTIONS": options}}
    caplog.set_level("INFO", "django_tasks_fsm")
    start_worker(concurrency=1, name="Ada")
    hold.enqueue(path, str(gate))
    wait_until(lambda: trail.read(path))
    noop.enqueue_many([[]] * 3)
    wait_until(lambda: row().saturated_since)
    since, beat = row().saturated_since, row().heartbeat_at
    wait_until(lambda: row().heartbeat_at > beat)
    assert row().saturated_since == since
    said = [record.getMessage() for record in caplog.records if "is saturated" in record.getMessage()]
    assert len(said) == 1
    assert "its 1 slots are taken, and of 3 runs that are ready" in said[0]
    assert "tasks_fsm resize Ada N" in said[0]
    gate.touch()
    wait_until(lambda: row().saturated_since is None)
    assert "Worker Ada is not saturated any more." in caplog.text


def test_slots_that_are_taken_by_short_runs_are_no_saturation(start_worker, wait_until):
    noop.enqueue_many([[]] * 200)
    start_worker(concurrency=1, burst=True).wait()
    assert row().saturated_since is None


def test_a_process_that_has_grown_too_big_finishes_what_it_has_and_ends(
    start_worker, path, gate, wait_until, monkeypatch
):
    rss = [1]
    monkeypatch.setattr(memory, "resident", lambda: rss[0])
    worker = start_worker(concurrency=2, max_rss=1000, grace=0.0)
    noop.enqueue().wait(30)
    held = hold.enqueue(path, str(gate))
    wait_until(lambda: trail.read(path))
    rss[0] = 2000
    wait_until(lambda: worker.worker._condition.room(None) == 0)
    left = noop.enqueue()
    gate.touch()
    assert worker.wait() == 0
    assert held.wait(5) == 1
    assert TaskRun.objects.get(pk=left.id).state == "QUEUED"


def test_one_that_is_too_big_before_its_first_run_says_so_and_works_on(start_worker, caplog, wait_until):
    start_worker(max_rss=1)
    wait_until(lambda: "--max-rss=0 is too small" in caplog.text)
    noop.enqueue().wait(30)


def test_the_memory_of_this_process_is_known():
    assert 1_000_000 < (memory.resident() or 0) < 100_000_000_000

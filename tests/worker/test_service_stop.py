"""How a worker ends: what is running may finish, the rest is given back, nothing is claimed."""

from __future__ import annotations

import pytest

from django_tasks_fsm.models import TaskRun, Transition
from django_tasks_fsm.worker import service
from django_tasks_fsm.worker.appetite import Appetite
from tests.jobs import trail
from tests.jobs.tasks import ahold, hold, noop


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


@pytest.fixture
def opened(files):
    """Open the gate at the end of the test, so that no thread waits for it."""
    yield
    open(files[1], "w").close()


@pytest.fixture
def greedy(monkeypatch):
    """Claim ahead of the slots, as a worker of no-ops does."""
    monkeypatch.setattr(Appetite, "room", lambda self, held: 5)


def begun(files, wait_until, count=1):
    wait_until(lambda: len(trail.read(files[0])) >= count)


def row(result):
    return TaskRun.objects.get(pk=result.id)


@pytest.mark.parametrize("task", [hold, ahold], ids=["function", "coroutine"])
def test_a_run_that_ends_within_the_grace_is_done(start_worker, files, wait_until, task):
    result = task.enqueue(*files)
    worker = start_worker(grace=60.0)
    begun(files, wait_until)
    worker.switch.ask("the test asks")
    open(files[1], "w").close()
    assert worker.wait() == 0
    assert row(result).state == "DONE"


def test_the_end_is_not_slept_through(start_worker, files, wait_until):
    hold.enqueue(*files)
    thread = start_worker(grace=60.0)
    begun(files, wait_until)
    wakeup, hand, held_at_sleep = thread.worker._wakeup, thread.worker._cycle.hand, []
    sleep = wakeup.sleep

    def noted(seconds):
        held_at_sleep.append(len(hand))
        return sleep(seconds)

    wakeup.sleep = noted
    thread.switch.ask("the test asks")
    open(files[1], "w").close()
    thread.wait()
    assert 0 not in held_at_sleep


def test_a_run_that_takes_too_long_is_given_back_uncharged(start_worker, files, opened, wait_until):
    result = hold.enqueue(*files)
    worker = start_worker(grace=0.1)
    begun(files, wait_until)
    assert worker.stop() == 0
    assert (row(result).state, row(result).attempt) == ("QUEUED", 0)
    assert Transition.objects.get(run__pk=result.id).reason == "the worker stopped before it ended"


def test_the_next_worker_runs_it_and_the_late_end_changes_nothing(start_worker, files, wait_until):
    result = hold.enqueue(*files)
    first = start_worker(grace=0.0)
    begun(files, wait_until)
    first.stop()
    second = start_worker()
    begun(files, wait_until, count=2)
    open(files[1], "w").close()
    result.wait(30)
    wait_until(lambda: len(trail.read(files[0])) == 4)
    assert (row(result).state, row(result).attempt, row(result).fence) == ("DONE", 1, 2)
    assert row(result).worker_id == second.worker.identity.id


def test_a_coroutine_is_cancelled_at_the_end_of_the_grace_and_tidies_up(start_worker, files, opened, wait_until):
    result = ahold.enqueue(*files)
    worker = start_worker(grace=0.1)
    begun(files, wait_until)
    assert worker.stop() == 0
    assert trail.read(files[0]) == ["began 1", "tidied 1"]
    assert (row(result).state, row(result).attempt) == ("QUEUED", 0)


def test_the_second_wish_does_not_wait_for_the_grace(start_worker, files, opened, wait_until):
    result = hold.enqueue(*files)
    worker = start_worker(grace=60.0)
    begun(files, wait_until)
    worker.switch.ask("please")
    worker.switch.ask("now")
    assert worker.wait() == 1
    assert (row(result).state, row(result).attempt) == ("QUEUED", 0)


def test_nothing_is_claimed_after_the_wish(start_worker, files, wait_until, caplog):
    caplog.set_level("INFO", "django_tasks_fsm")
    held = hold.enqueue(*files)
    worker = start_worker(grace=60.0)
    begun(files, wait_until)
    worker.switch.ask("the test asks")
    wait_until(lambda: "stops: the test asks" in caplog.text)  # a turn that has begun already may still claim
    late = noop.enqueue_many([[]] * 5)
    open(files[1], "w").close()
    worker.wait()
    assert row(held).state == "DONE"
    assert {row(result).fence for result in late} == {0}


def test_what_was_claimed_ahead_is_given_back_at_once(start_worker, greedy, files, opened, wait_until):
    held, *ahead = hold.enqueue_many([files] * 4)
    worker = start_worker(concurrency=1, grace=60.0)
    begun(files, wait_until)
    worker.switch.ask("the test asks")
    wait_until(lambda: [row(result).state for result in ahead] == ["QUEUED"] * 3)
    assert {(row(result).attempt, row(result).fence) for result in ahead} == {(0, 1)}
    assert row(held).state == "RUNNING"


def test_what_was_claimed_ahead_of_a_long_run_is_left_to_others(start_worker, files, opened, monkeypatch, wait_until):
    monkeypatch.setattr(service, "STALE_PREFETCH", 0.05)
    with monkeypatch.context() as greedy:
        greedy.setattr(Appetite, "room", lambda self, held: 5)
        hold.enqueue_many([files] * 2)
        start_worker(concurrency=1)
        begun(files, wait_until)
    wait_until(lambda: Transition.objects.filter(event="release").exists())
    start_worker()
    begun(files, wait_until, count=2)


def test_an_idle_worker_stops_with_nothing_to_give_back(start_worker):
    worker = start_worker()
    noop.enqueue().wait(30)
    assert worker.stop() == 0
    assert not Transition.objects.exists()

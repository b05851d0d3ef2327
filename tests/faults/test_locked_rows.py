"""Somebody keeps a transaction open that has locked what a worker is about to end."""

from __future__ import annotations

import pytest
from django.db import connections

from django_tasks_fsm.models import TaskRun, Transition
from tests.jobs import trail
from tests.jobs.tasks import add, hold, noop
from tests.store.threads import other

__all__ = ["other"]

pytestmark = [
    pytest.mark.usefixtures("quick_options"),
    pytest.mark.skipif("sqlite" in str(connections.settings["default"]["ENGINE"]), reason="locks the file, not rows"),
]


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


@pytest.fixture
def locked(files, start_worker, other, wait_until):
    """Give a worker, a run of its that has ended while another transaction has it locked, and its dependent."""
    locked = hold.enqueue(*files)
    worker = start_worker(concurrency=1)
    wait_until(lambda: trail.read(files[0]))
    after = other.do(noop.using(after=[locked]).enqueue)
    open(files[1], "w").close()
    wait_until(lambda: worker.worker._cycle.again_in is not None)
    return worker, locked, after


def state(result):
    return TaskRun.objects.get(pk=result.id).state


def gave_back(result):
    return Transition.objects.filter(run_id=result.id, event="release").exists()


@pytest.mark.fault("F50")
def test_a_locked_run_holds_up_neither_other_runs_nor_new_claims(locked, other, wait_until):
    worker, ended, after = locked
    assert add.enqueue(1, 2).wait(10) == 3
    heart = worker.worker._heart
    before = heart.last_beat
    wait_until(lambda: heart.last_beat > before + 0.5)  # five heartbeats: a stray is found by the second
    assert state(ended) == "RUNNING"
    other.commit()
    assert ended.wait(10) == 1
    after.wait(10)
    assert not gave_back(ended)


def test_a_worker_that_stops_waits_for_the_lock_and_writes_the_end(locked, other, caplog, wait_until):
    worker, ended, _ = locked
    caplog.set_level("INFO", "django_tasks_fsm")
    worker.switch.ask("the test asks")
    wait_until(lambda: "stops" in caplog.text)
    other.commit()
    assert worker.wait() == 0
    assert (state(ended), gave_back(ended)) == ("DONE", False)


@pytest.mark.fault("F50")
def test_a_worker_that_must_stop_at_once_does_not_wait_and_does_not_give_the_end_back(locked, other):
    worker, ended, _ = locked
    assert worker.stop(now=True) == 1
    other.commit()
    assert (state(ended), gave_back(ended)) == ("RUNNING", False)


def test_a_worker_that_does_nothing_else_sleeps_until_the_next_try(locked, monkeypatch, wait_until):
    worker, _, _ = locked
    cycle, heart, turns = worker.worker._cycle, worker.worker._heart, []
    turn = cycle.turn

    def counted(*args):
        turns.append(args)
        return turn(*args)

    monkeypatch.setattr(cycle, "turn", counted)
    before = heart.last_beat
    wait_until(lambda: heart.last_beat > before + 1)
    assert 1 <= len(turns) < 100

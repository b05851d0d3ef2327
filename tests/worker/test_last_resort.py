"""A loop that does not come back after the grace."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, cast

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.models import TaskRun, Worker
from django_tasks_fsm.worker import last_resort
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.last_resort import LastResort
from django_tasks_fsm.worker.stop import StopSwitch
from tests.jobs import trail

if TYPE_CHECKING:
    from django_tasks_fsm.worker.cycle import Cycle


@task(executor="inline")
def hold_the_loop(path, gate):
    trail.leave(path, "began")
    trail.hold(gate)


class Loop:
    """A cycle as the last resort sees it."""

    def __init__(self):
        self.is_in_function = False
        self.given_back = []

    def release_unstarted(self, reason):
        self.given_back.append(reason)

    def release_all(self, reason):
        self.given_back.append(reason)

    def turn(self, queues):
        return 0, 0


@pytest.fixture
def watched(db, monkeypatch):
    """Give the switch, the loop, the last resort, and where the exit code of a process that is ended goes."""
    monkeypatch.setattr(last_resort, "HUNG_AFTER", 0.1)
    monkeypatch.setattr(last_resort, "POLITE", 0.1)
    monkeypatch.setattr(last_resort, "LAST_WORDS", 0.0)
    switch, loop = StopSwitch(), Loop()
    left: list[int] = []
    config = WorkerConfig(name="tested", grace=0.1)
    resort = LastResort(config, uuid.uuid4(), switch, cast("Cycle", loop), left.append)
    monkeypatch.setattr(resort, "_give_back", lambda: None)
    resort.start()
    yield switch, loop, resort, left
    resort.stop()


@pytest.mark.parametrize("is_in_function", [False, True], ids=["hangs", "is in a function"])
@pytest.mark.parametrize("wishes", [1, 2])
def test_a_loop_that_stays_away_is_left(watched, wait_until, is_in_function, wishes):
    switch, loop, _, left = watched
    loop.is_in_function = is_in_function
    for _ in range(wishes):
        switch.ask("please")
    wait_until(lambda: left)
    assert left == [wishes - 1]
    assert loop.given_back[0] == "the worker stops"


def test_a_database_that_does_not_answer_does_not_keep_a_function_in_the_loop_alive(watched, wait_until, monkeypatch):
    switch, loop, _, left = watched
    loop.is_in_function, silence = True, threading.Event()
    monkeypatch.setattr(loop, "release_all", lambda reason: silence.wait(60))
    switch.ask("please")
    wait_until(lambda: left)
    silence.set()


def test_a_worker_that_ends_by_itself_is_let_go(watched, wait_until):
    switch, _, resort, left = watched
    switch.ask("please")
    resort.stop()
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == "tasks-fsm-last-resort"])
    assert left == []


@pytest.fixture
def files(tmp_path):
    yield str(tmp_path / "trail"), str(tmp_path / "gate")
    (tmp_path / "gate").touch()


def test_the_run_is_given_back_while_its_function_holds_the_loop(start_worker, files, wait_until):
    results = hold_the_loop.enqueue_many([files] * 2)
    worker = start_worker(grace=0.1)
    wait_until(lambda: trail.read(files[0]))
    worker.switch.ask("the test asks")
    wait_until(lambda: not Worker.objects.filter(stopped_at=None).exists())
    rows = TaskRun.objects.filter(pk__in=[result.id for result in results])
    assert set(rows.values_list("state", "attempt")) == {("QUEUED", 0)}
    open(files[1], "w").close()
    assert worker.wait() == 0
    assert trail.read(files[0]) == ["began"]
    assert set(rows.values_list("state", "attempt")) == {("QUEUED", 0)}


def test_what_waits_behind_it_is_given_back_when_it_ends_in_time(start_worker, files, wait_until):
    first, second = hold_the_loop.enqueue_many([files] * 2)
    worker = start_worker(grace=60.0)
    wait_until(lambda: trail.read(files[0]))
    worker.switch.ask("the test asks")
    open(files[1], "w").close()
    assert worker.wait() == 0
    assert trail.read(files[0]) == ["began"]
    states = TaskRun.objects.filter(pk__in=[first.id, second.id]).values_list("state", flat=True)
    assert sorted(states) == ["DONE", "QUEUED"]

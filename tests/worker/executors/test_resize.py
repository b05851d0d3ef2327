"""More and fewer threads and child processes, while they work."""

from __future__ import annotations

import os
import threading

import pytest

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import ThreadExecutor
from tests.jobs import processed, trail
from tests.jobs.tasks import echo, hold
from tests.worker.claims import job
from tests.worker.executors.conftest import child_settings, children

__all__ = ["child_settings", "children"]


@pytest.fixture
def threads(reports):
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=1)
    yield executor
    executor.stop()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "trail")


def test_more_threads_take_what_waits(threads, reports, path, tmp_path, wait_until):
    gate = tmp_path / "gate"
    threads.submit([job(hold, path, str(gate)) for _ in range(3)])
    wait_until(lambda: len(trail.read(path)) == 1)
    threads.resize(3)
    wait_until(lambda: len(trail.read(path)) == 3)
    gate.touch()
    assert [reports.next().ending for _ in range(3)] == [Ending.DONE] * 3


def test_fewer_threads_end_when_their_runs_have(threads, reports, path, tmp_path, wait_until):
    threads.resize(4)
    gate = tmp_path / "gate"
    threads.submit([job(hold, path, str(gate)) for _ in range(3)])
    wait_until(lambda: len(trail.read(path)) == 3)
    threads.resize(1)
    assert threads.lost_slots == 0
    gate.touch()
    assert [reports.next().ending for _ in range(3)] == [Ending.DONE] * 3
    wait_until(lambda: len(threads._crew) == 1)
    threads.submit([job(echo, 7)])
    assert reports.next().result_json == "7"


def test_a_thread_that_was_told_to_go_stays_where_there_is_a_place_again(threads, reports, wait_until):
    for _ in range(20):
        threads.resize(4)
        threads.resize(2)
    threads.resize(4)
    wait_until(lambda: len(threads._crew) == 4)
    threads.submit([job(echo, number) for number in range(50)])
    assert {reports.next().result_json for _ in range(50)} == {str(number) for number in range(50)}
    assert (len(threads._crew), threads.lost_slots) == (4, 0)


def test_no_thread_outlives_the_end_of_what_was_resized(reports, wait_until):
    others = set(threading.enumerate())
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=2)
    executor.resize(5)
    executor.resize(1)
    crew = set(threading.enumerate()) - others
    executor.stop()
    wait_until(lambda: not any(thread.is_alive() for thread in crew))


def test_more_child_processes_take_what_waits_and_fewer_end(children, reports, path, tmp_path, wait_until):
    gate = tmp_path / "gate"
    children.submit([job(processed.hold, path, str(gate)) for _ in range(2)])
    wait_until(lambda: len(trail.read(path)) == 1)
    children.resize(2)
    wait_until(lambda: len(trail.read(path)) == 2)
    children.resize(1)
    gate.touch()
    assert [reports.next().ending for _ in range(2)] == [Ending.DONE] * 2
    wait_until(lambda: len(children._crew) == 1)
    children.submit([job(processed.where)])
    assert str(os.getpid()) in str(reports.next().result_json)

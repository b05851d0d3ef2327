from __future__ import annotations

import asyncio
import contextvars
import json
import sys
import threading

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import coroutine
from tests.jobs import trail
from tests.jobs.tasks import aecho, agroup, ahold, fork
from tests.worker.claims import job

colour = contextvars.ContextVar("colour", default="none")


@task
async def change_colour():
    before = colour.get()
    colour.set("red")
    return before


@task
async def start_a_task_that_leaves():
    async def leave():
        sys.exit(3)

    await asyncio.create_task(leave())


@task
async def stop_the_loop():
    asyncio.get_running_loop().stop()
    await asyncio.sleep(0)
    return "still here"


@task
async def tidy_slowly(trail_path):
    try:
        await asyncio.Event().wait()
    finally:
        for _ in range(20):
            await asyncio.sleep(0.005)
        trail.leave(trail_path, "tidy")


@task
async def afork(trail_path):
    return fork.func(trail_path)


@task
async def open_a_transaction():
    await sync_to_async(transaction.atomic().__enter__)()


@task
async def is_clean():
    return await sync_to_async(lambda: connection.connection is None and not connection.in_atomic_block)()


@pytest.fixture
def blocked(loop):
    """Block the loop until the gate opens, so that what is asked for meanwhile happens at one moment."""
    gate = threading.Event()
    loop._loop.call_soon_threadsafe(gate.wait, 20)
    yield gate
    gate.set()


def test_a_coroutine_returns(run_on_loop):
    assert run_on_loop(job(aecho, [1, "é"])).result_json == '[1,"é"]'


def test_contexts_are_apart(run_on_loop):
    assert [run_on_loop(job(change_colour)).result_json for _ in range(2)] == ['"none"', '"none"']


def test_many_wait_at_once(loop, reports, tmp_path, wait_until):
    jobs = [job(ahold, str(tmp_path / "trail"), str(tmp_path / "gate")) for _ in range(50)]
    loop.submit(jobs)
    wait_until(lambda: len(trail.read(tmp_path / "trail")) == 50)
    (tmp_path / "gate").touch()
    assert {reports.next().ending for _ in jobs} == {Ending.DONE}


def test_a_coroutine_that_is_stopped_before_its_first_step_is_not_lost(loop, reports, blocked):
    early = job(aecho)
    loop.submit([early])
    early.context.request_stop("changed their mind")
    loop.interrupt(early)
    blocked.set()
    outcome = reports.next()
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "changed their mind")
    assert reports.begun == []


def test_a_coroutine_that_tidies_up_is_not_interrupted_again(loop, reports, tmp_path, wait_until):
    slow = job(tidy_slowly, str(tmp_path / "trail"))
    loop.submit([slow])
    wait_until(lambda: reports.begun)
    slow.context.request_stop("a person asked for it")
    for _ in range(10):
        loop.interrupt(slow)
    assert reports.next().ending is Ending.CANCELLED
    assert trail.read(tmp_path / "trail") == ["tidy"]


def test_interrupting_what_has_ended_does_nothing(loop, run_on_loop, reports):
    done = job(aecho)
    run_on_loop(done)
    loop.interrupt(done)
    assert run_on_loop(job(aecho, 1)).ending is Ending.DONE
    assert reports.is_empty()


@pytest.mark.fault("F19")
@pytest.mark.parametrize("hostile", [start_a_task_that_leaves, stop_the_loop], ids=["sys.exit", "stop"])
def test_nothing_ends_the_loop_for_the_others(loop, run_on_loop, reports, tmp_path, wait_until, hostile):
    neighbour = job(ahold, str(tmp_path / "trail"), str(tmp_path / "gate"))
    loop.submit([neighbour])
    wait_until(lambda: trail.read(tmp_path / "trail"))
    outcome = run_on_loop(job(hostile))
    assert outcome.ending is (Ending.DONE if hostile is stop_the_loop else Ending.FAILED)
    (tmp_path / "gate").touch()
    assert reports.next().claim is neighbour.claim


@pytest.mark.fault("F9")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_returns_counts_for_nothing(run_on_loop, reports, tmp_path):
    assert run_on_loop(job(afork, str(tmp_path / "trail"))).result_json == '"parent"'
    assert trail.read(tmp_path / "trail") == ["child left with 70"]
    assert reports.is_empty()


def test_at_the_end_coroutines_are_cancelled_and_may_tidy_up(loop, reports, tmp_path, wait_until):
    loop.submit([job(tidy_slowly, str(tmp_path / "trail"))])
    wait_until(lambda: reports.begun)
    loop.stop()
    assert trail.read(tmp_path / "trail") == ["tidy"]


def test_the_end_does_not_wait_for_a_blocked_loop(loop, reports, monkeypatch, blocked):
    monkeypatch.setattr(coroutine, "LAST_MOMENT", 0.01)
    loop.stop()
    assert not blocked.is_set()


def test_a_late_interruption_of_an_ended_loop_is_no_error(loop, run_on_loop):
    done = job(aecho)
    run_on_loop(done)
    loop.stop()
    loop.interrupt(done)


@pytest.mark.fault("F46")
@pytest.mark.parametrize("leaves", [agroup, open_a_transaction], ids=["connection", "transaction"])
def test_database_connections_are_clean_for_the_next_coroutine(
    transactional_db, run_on_loop, monkeypatch, wait_until, leaves
):
    monkeypatch.setattr(coroutine, "CLEAN_EVERY", -1.0)
    run_on_loop(job(leaves, *(["friends"] if leaves is agroup else [])))
    wait_until(lambda: json.loads(run_on_loop(job(is_clean)).result_json))

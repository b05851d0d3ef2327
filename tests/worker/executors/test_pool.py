"""Pools that the settings name: what they lose comes back, and who pays for it."""

from __future__ import annotations

import json
import os
from concurrent.futures import BrokenExecutor
from types import SimpleNamespace

import pytest

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import underway
from django_tasks_fsm.worker.executors.pool import PoolExecutor
from django_tasks_fsm.worker.listening import attend
from tests.jobs import processed, speaking
from tests.jobs.pools import Silent
from tests.jobs.tasks import aecho, echo, fail, hold, obey
from tests.worker.claims import job
from tests.worker.executors.conftest import SENDER


@pytest.fixture
def open_pool(reports):
    """Give ``open_pool(factory)``: an executor over one of the pools in tests.jobs.pools."""
    made = []

    def start(factory):
        made.append(PoolExecutor(reports.report, reports.begun.append, "far", f"tests.jobs.pools.{factory}", SENDER))
        return made[-1]

    yield start
    for executor in made:
        executor.stop()


@pytest.fixture
def silent(open_pool):
    Silent.futures, Silent.ended_in = [], []
    return open_pool("Silent")


@pytest.fixture
def taken(silent, wait_until):
    """Give ``taken(**policy)``: a job and the future that the silent pool gave for it."""

    def submitted(**policy):
        one = job(echo, **policy)
        silent.submit([one])
        wait_until(lambda: one in silent._futures)
        return one, silent._futures[one]

    return submitted


def test_functions_and_coroutines_return(open_pool, reports):
    pool = open_pool("threads")
    for function in (echo, aecho):
        pool.submit([job(function, [1, "é"])])
        assert reports.next().result_json == '[1,"é"]'
    pool.submit([job(fail, "no", max_attempts=2)])
    outcome = reports.next()
    assert (outcome.ending, outcome.failure.message) == (Ending.RETRY, "no")
    assert len(reports.begun) == 3


def test_another_process_sets_django_up_and_finds_the_function(open_pool, reports, child_settings):
    open_pool("processes").submit([job(processed.where, 1)])
    pid, parent, args, _ = json.loads(reports.next().result_json)
    assert (parent, args) == (os.getpid(), [1])
    assert pid != parent


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_what_a_function_logs_comes_back_with_its_outcome(open_pool, reports, child_settings, monkeypatch, pool):
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.speaking")
    one, heard = job(speaking.say, "one", "two", "nul \x00"), []
    attend(one, SimpleNamespace(accept=lambda hearing, lines: heard.extend(lines)))
    open_pool(pool).submit([one])
    assert reports.next().ending is Ending.DONE
    assert [(line.number, line.logger, line.message) for line in heard] == [
        (1, "tests.speaking", "one"), (2, "tests.speaking", "two"), (3, "tests.speaking", "nul \u2400")
    ]  # fmt: skip


def test_a_broken_pool_is_an_attempt_lost_and_a_new_one_is_opened(open_pool, reports, child_settings):
    pool = open_pool("processes")
    pool.submit([job(processed.leave, 1)])
    outcome = reports.next()
    assert outcome.ending is Ending.RETRY
    assert "The pool 'far' lost it: BrokenProcessPool" in outcome.failure.message
    pool.submit([job(processed.where)])
    assert reports.next().ending is Ending.DONE


def test_a_broken_pool_is_ended_by_the_thread_that_feeds_it_and_not_by_its_own(taken, reports):
    _, future = taken()
    future.set_exception(BrokenExecutor("gone"))  # calls back in this thread, as a pool does in its own
    reports.next()
    assert Silent.ended_in == []
    taken()
    assert Silent.ended_in == ["tasks-fsm-pool-far"]


def test_a_run_that_breaks_pools_is_given_up_in_the_end(taken, reports):
    _, future = taken(attempt=3)
    future.set_exception(BrokenExecutor("gone"))
    assert reports.next().ending is Ending.FAILED


@pytest.mark.parametrize("factory", ["Away", "not_a_pool", "nowhere"])
def test_a_pool_that_is_away_gives_back_and_nobody_pays(open_pool, reports, factory):
    pool = open_pool(factory)
    jobs = [job(echo), job(echo)]
    pool.submit(jobs)
    assert [reports.next().ending for _ in jobs] == [Ending.RESCHEDULED] * 2
    assert reports.begun == []


def test_what_the_pool_cancels_is_given_back_and_what_a_person_cancels_is_cancelled(silent, taken, reports):
    _, future = taken()
    future.cancel()
    assert reports.next().ending is Ending.RESCHEDULED
    one, _ = taken()
    one.context.request_stop("a person asked for it")
    silent.interrupt(one)
    outcome = reports.next()
    assert (outcome.ending, outcome.reason) == (Ending.CANCELLED, "a person asked for it")


@pytest.mark.fault("F33")
def test_a_pool_that_never_answers_is_given_up_past_the_timeout(silent, taken, reports, monkeypatch, wait_until):
    monkeypatch.setattr(underway, "LATE", 0.0)
    one, future = taken(timeout=0.01)
    wait_until(lambda: one.context.overrun > 0)
    silent.give_up_overdue()
    outcome = reports.next()
    assert outcome.failure.message == "The run took longer than its timeout of 0.01 s; its pool has not answered."
    wait_until(lambda: future.cancelled() and silent.lost_slots == 0)
    assert reports.is_empty()


def test_a_function_stops_at_its_own_check_past_its_timeout(open_pool, reports, tmp_path):
    open_pool("threads").submit([job(obey, str(tmp_path / "trail"), timeout=0.05)])
    assert reports.next().failure.message == "The run took longer than its timeout of 0.05 s."


def test_stopping_waits_for_nobody(open_pool, reports, tmp_path, wait_until):
    pool, gate = open_pool("threads"), tmp_path / "gate"
    pool.submit([job(hold, str(tmp_path / "trail"), str(gate))])
    wait_until(lambda: reports.begun)
    pool.stop()
    assert not pool._thread.is_alive()
    gate.touch()
    assert reports.next().ending is Ending.DONE

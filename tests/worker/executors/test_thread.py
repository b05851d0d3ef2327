from __future__ import annotations

import contextvars
import json
import threading
from collections import Counter

import pytest
from django.utils import timezone, translation

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import ThreadExecutor
from tests.jobs import trail
from tests.jobs.tasks import echo, fork, hold
from tests.worker.claims import job

colour = contextvars.ContextVar("colour", default="none")


@task
def change_the_weather():
    translation.activate("fr")
    timezone.activate("Asia/Tokyo")
    colour.set("red")


@task
def look_at_the_weather():
    return [translation.get_language(), timezone.get_current_timezone_name(), colour.get(), threading.get_ident()]


@task
def leave_the_building():
    raise SystemExit(1)


@pytest.fixture
def pool(reports):
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=3)
    yield executor
    executor.stop()


def test_every_job_is_reported_once(pool, reports):
    jobs = [job(echo, number) for number in range(200)]
    pool.submit(jobs)
    outcomes = [reports.next() for _ in jobs]
    assert Counter(outcome.claim.id for outcome in outcomes) == Counter(one.claim.id for one in jobs)
    assert len(reports.begun) == 200


def test_language_time_zone_and_context_do_not_reach_the_next_run(run_on_thread):
    before = json.loads(run_on_thread(job(look_at_the_weather)).result_json)
    run_on_thread(job(change_the_weather))
    assert json.loads(run_on_thread(job(look_at_the_weather)).result_json) == before


@pytest.mark.fault("F16")
def test_a_task_that_leaves_the_building_leaves_the_thread(run_on_thread):
    assert run_on_thread(job(leave_the_building)).ending is Ending.FAILED
    assert run_on_thread(job(echo, 1)).ending is Ending.DONE


def test_what_has_not_begun_can_be_taken_back(reports, tmp_path, wait_until):
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=1)
    first, *rest = [job(hold, str(tmp_path / "trail"), str(tmp_path / "gate")) for _ in range(3)]
    executor.submit([first, *rest])
    wait_until(lambda: trail.read(tmp_path / "trail"))
    assert executor.unstarted() == rest
    assert executor.unstarted() == []
    (tmp_path / "gate").touch()
    assert reports.next().claim is first.claim
    executor.stop()
    assert reports.is_empty()


@pytest.mark.fault("F9")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_returns_counts_for_nothing(run_on_thread, reports, tmp_path):
    outcome = run_on_thread(job(fork, str(tmp_path / "trail")))
    assert outcome.result_json == '"parent"'
    assert trail.read(tmp_path / "trail") == ["child left with 70"]
    assert reports.is_empty()


def test_idle_threads_end_when_the_executor_stops(reports, wait_until):
    executor = ThreadExecutor(reports.report, reports.begun.append, threads=3)
    mine = [thread for thread in threading.enumerate() if thread in executor._crew]
    assert len(mine) == 3
    executor.stop()
    wait_until(lambda: not any(thread.is_alive() for thread in mine))

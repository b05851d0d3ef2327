"""Which executor runs what."""

from __future__ import annotations

import json
import threading

import pytest
from asgiref.sync import sync_to_async

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.config import WorkerConfig
from django_tasks_fsm.worker.executors.choice import Executors
from tests.jobs.tasks import aecho, echo
from tests.worker.claims import job
from tests.worker.executors.conftest import SENDER

gate = threading.Event()


@task(executor="inline")
def inline_thread():
    return threading.current_thread().name


@task
def plain_thread():
    return threading.current_thread().name


@task(executor="asyncio:reports")
async def loop_thread():
    return [threading.current_thread().name, await sync_to_async(lambda: threading.current_thread().name)()]


@task(executor="asyncio:blocked")
async def block_the_loop_of_its_own():
    await sync_to_async(lambda: None)()
    gate.wait(20)


@task(executor="asyncio:blocked-orm")
async def block_the_orm_of_its_loop():
    await sync_to_async(gate.wait)(20)


@pytest.fixture
def executors(reports):
    gate.clear()
    made = Executors(WorkerConfig(name="tested", concurrency=2), SENDER, reports.report, reports.begun.append)
    yield made
    gate.set()
    for executor in made:
        executor.stop()


@pytest.mark.usefixtures("transactional_db")  # inline is on this thread's connection
def test_each_function_runs_where_it_says(executors, reports):
    executors.submit([job(plain_thread)])
    assert reports.next().result_json.startswith('"tasks-fsm-')
    executors.submit([job(inline_thread)])
    assert reports.next().result_json == f'"{threading.current_thread().name}"'
    executors.submit([job(loop_thread)])
    loop, orm = json.loads(reports.next().result_json)
    assert loop == "tasks-fsm-loop-reports"
    assert orm != loop


@pytest.mark.parametrize("blocker", [block_the_loop_of_its_own, block_the_orm_of_its_loop])
def test_a_blocked_loop_delays_no_other(executors, reports, wait_until, blocker):
    executors.submit([job(blocker)])
    wait_until(lambda: reports.begun)
    executors.submit([job(loop_thread), job(aecho, 1), job(echo, 2)])
    assert [reports.next().ending for _ in range(3)] == [Ending.DONE] * 3
    gate.set()
    assert reports.next().ending is Ending.DONE


def test_a_name_that_this_workers_settings_do_not_have_is_given_back(executors, reports):
    one = job(echo)
    one.executor = "dask"
    executors.submit([one, job(echo)])
    outcomes = {outcome.claim.id: outcome for outcome in (reports.next(), reports.next())}
    assert outcomes.pop(one.claim.id).reason == "this worker's OPTIONS['EXECUTORS'] has no 'dask'"
    assert [outcome.ending for outcome in outcomes.values()] == [Ending.DONE]
    executors.interrupt(one)


@pytest.mark.parametrize(("function", "executor"), [(echo, "asyncio"), (echo, "asyncio:reports"), (aecho, "thread")])
def test_a_row_that_names_what_cannot_run_the_function_is_given_back(executors, reports, function, executor):
    executors.submit([job(function, 1, executor=executor)])
    outcome = reports.next()
    assert outcome.ending is Ending.RESCHEDULED
    assert outcome.reason.startswith(f"executor '{executor}' ")
    assert not reports.begun


@pytest.mark.usefixtures("transactional_db")
def test_who_runs_inline_lets_the_others_begin_first(executors, reports):
    first = job(inline_thread)
    executors.submit([first, job(plain_thread)])
    outcomes = [reports.next(), reports.next()]
    assert {outcome.ending for outcome in outcomes} == {Ending.DONE}
    assert list(executors)[-1].__class__.__name__ == "InlineExecutor"


@pytest.mark.usefixtures("transactional_db")
def test_inline_workers_run_everything_inline(reports):
    executors = Executors(WorkerConfig(name="tested", inline=True), SENDER, reports.report, reports.begun.append)
    one = job(plain_thread)
    one.executor = "process"
    executors.submit([one])
    assert reports.next().result_json == f'"{threading.current_thread().name}"'

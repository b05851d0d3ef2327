from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from django_tasks_fsm import task
from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.worker.executors import InlineExecutor
from tests.jobs.tasks import aecho, echo, fork
from tests.worker.claims import job


@task
def where():
    return str(threading.get_ident())


@task
def leave():
    raise SystemExit(1)


@task
async def afork(trail):
    return fork.func(trail)


@task
def break_a_statement():
    connection.cursor().execute("SELECT nonsense FROM nowhere")


@pytest.fixture
def run(reports):
    executor = InlineExecutor(reports.report, reports.begun.append, "default")

    def run(one):
        executor.submit([one])
        assert not reports.is_empty()
        return reports.next()

    return run


@pytest.mark.parametrize("task", [echo, aecho], ids=["function", "coroutine"])
def test_a_job_has_ended_before_submit_returns(db, run, reports, task):
    assert run(job(task, 1)).result_json == "1"
    assert len(reports.begun) == 1


def test_it_runs_in_the_calling_thread(db, run):
    assert run(job(where)).result_json == f'"{threading.get_ident()}"'


@pytest.mark.fault("F16")
def test_a_task_that_leaves_leaves_nobody_behind(db, run):
    assert run(job(leave)).ending is Ending.FAILED
    assert run(job(echo, 1)).ending is Ending.DONE


def test_the_transaction_around_it_stays_usable(db, run):
    assert connection.in_atomic_block
    assert run(job(break_a_statement)).ending is Ending.FAILED
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_without_a_transaction_around_it_none_is_opened(transactional_db, run):
    seen = []

    @transaction.on_commit
    def committed():
        seen.append("at once")

    assert run(job(echo, 1)).ending is Ending.DONE
    assert seen == ["at once"]


@pytest.mark.fault("F9")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("task", [fork, afork], ids=["function", "coroutine"])
def test_a_child_that_returns_counts_for_nothing(run, tmp_path, task):
    outcomes = []
    # In a thread: a child that got away would otherwise go on with the tests.
    calling = threading.Thread(target=lambda: outcomes.append(run(job(task, str(tmp_path / "trail")))))
    calling.start()
    calling.join(30)
    assert [outcome.result_json for outcome in outcomes] == ['"parent"']
    assert (tmp_path / "trail").read_text() == "child left with 70\n"

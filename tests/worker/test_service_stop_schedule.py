"""A run that ends its schedule, whatever executes it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from django_tasks_fsm.core.outcomes import Ending
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.worker.errand import outcome_read, outcome_written
from django_tasks_fsm.worker.executors.pool import PoolExecutor
from django_tasks_fsm.worker.runner import run
from tests.jobs import processed
from tests.jobs.tasks import aenough, enough
from tests.worker.claims import job
from tests.worker.executors.conftest import SENDER, child_settings

__all__ = ["child_settings"]


def scheduled(function, **values):
    """Return a schedule whose first time has come."""
    task = function.schedule("often", every=3600, **values)
    task.run_at(timezone.now())
    return task


@pytest.mark.usefixtures("quick_options", "child_settings")
@pytest.mark.parametrize("function", [enough, aenough, processed.has_enough], ids=["thread", "loop", "process"])
def test_no_later_time_of_it_fires(start_worker, wait_until, database_url, monkeypatch, function):
    monkeypatch.setenv("DATABASE_URL", database_url)
    task = scheduled(function, args=[7])
    start_worker()
    wait_until(lambda: Task.objects.get(pk=task.pk).state == "EXHAUSTED")
    (only,) = TaskRun.objects.filter(task=task)
    assert (only.state, only.result, only.error) == ("DONE", 7, "")
    assert Task.objects.get(pk=task.pk).next_run_at is None
    assert Transition.objects.get(task=task, event="exhaust").reason.startswith(f"run {only.pk} ended the schedule")


@pytest.mark.parametrize("function", [enough, aenough])
def test_a_pool_says_it_too(reports, function):
    pool = PoolExecutor(reports.report, reports.begun.append, "far", "tests.jobs.pools.threads", SENDER)
    try:
        pool.submit([job(function, {"rows": 3}, "no more rows")])
        outcome = reports.next()
    finally:
        pool.stop()
    assert (outcome.ending, outcome.result_json, outcome.stop) == (Ending.DONE, '{"rows":3}', "no more rows")


def test_without_words_the_result_is_none():
    outcome = run(job(enough))
    assert (outcome.ending, outcome.result_json, outcome.stop) == (Ending.DONE, "null", "")
    assert outcome_read(outcome_written(outcome), outcome.claim) == outcome


def test_a_result_that_is_not_json_fails_the_run_and_ends_nothing():
    outcome = run(job(enough, {1, 2}))
    assert (outcome.ending, outcome.stop, outcome.reason) == (Ending.FAILED, None, "the result is not JSON")


def test_a_function_that_may_be_tried_again_is_not():
    assert run(job(enough, max_attempts=5)).ending is Ending.DONE

"""The executor that a person writes into the row of a task counts from the next run on."""

from __future__ import annotations

import os
import threading

import pytest

from django_tasks_fsm import task
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.worker import book
from tests.jobs.tasks import aecho


@task
def where():
    return f"{os.getpid()} {threading.current_thread().name}"


@task(executor="inline")
def declared_inline():
    return threading.current_thread().name


@pytest.fixture(autouse=True)
def no_memory(monkeypatch):
    """Let the worker read definitions anew at each claim."""
    monkeypatch.setattr(book, "FRESH_SECONDS", 0.0)


def put(function, executor):
    Task.objects.filter(name=function.module_path).update(executor=executor)


def test_the_row_overrides_the_declaration_from_the_next_run_on(start_worker):
    start_worker()
    assert where.enqueue().wait(30).startswith(f"{os.getpid()} tasks-fsm-")
    put(where, "inline")
    assert where.enqueue().wait(30) == f"{os.getpid()} worker tested"
    put(where, "")
    assert where.enqueue().wait(30).startswith(f"{os.getpid()} tasks-fsm-")


def test_an_empty_field_means_what_the_code_declares(start_worker):
    result = declared_inline.enqueue()
    assert Task.objects.get(name=declared_inline.module_path).executor == ""
    start_worker()
    assert result.wait(30) == "worker tested"
    put(declared_inline, "thread")
    assert declared_inline.enqueue().wait(30).startswith("tasks-fsm-")


@pytest.mark.parametrize(
    ("executor", "reason"),
    [
        ("nowhere", "this worker's OPTIONS['EXECUTORS'] has no 'nowhere'"),
        ("thread", "executor 'thread' does not await coroutine functions."),
    ],
)
def test_a_run_whose_row_names_what_does_not_fit_is_handed_back_and_the_row_kept(
    start_worker, wait_until, executor, reason
):
    result = aecho.enqueue(1)
    put(aecho, executor)
    start_worker()
    wait_until(lambda: Transition.objects.filter(run__pk=result.id, event="reschedule").exists())
    assert Transition.objects.get(run__pk=result.id).reason.startswith(reason)
    run = TaskRun.objects.get(pk=result.id)
    assert (run.state, run.attempt) == ("PENDING", 0)
    assert Task.objects.get(name=aecho.module_path).executor == executor
    put(aecho, "")
    run.reschedule(run.enqueued_at)
    assert result.wait(30) == 1

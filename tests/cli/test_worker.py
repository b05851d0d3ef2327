"""``runworker`` called from Python: in a TestCase, in a thread, with nonsense."""

from __future__ import annotations

import logging
import os
import signal
import threading
from argparse import ArgumentParser

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections

from django_tasks_fsm import task
from django_tasks_fsm.cli import worker
from django_tasks_fsm.models import TaskRun, Worker
from django_tasks_fsm.worker.supervisor import PARENT
from tests.jobs.tasks import add, aecho, agroup, echo, fail, group, noop


@task
def break_a_statement():
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nonsense FROM nowhere")


@task
async def agroup_in_a_thread(name):
    return await sync_to_async(group.func)(name)


def defaults():
    parser = ArgumentParser()
    worker.add_arguments(parser)
    return vars(parser.parse_args([]))


DEFAULTS = defaults()


def burst(**options):
    call_command("runworker", burst=True, **options)


@pytest.mark.parametrize("task", [add, aecho], ids=["function", "coroutine"])
def test_a_burst_in_a_test_case_runs_what_the_test_enqueued(db, task):
    result = task.enqueue(*([1, 2] if task is add else [3]))
    burst()
    result.refresh()
    assert result.return_value == 3


def test_prerequisites_are_followed_in_a_test_case(db):
    last = noop.using(after=[echo.using(after=[echo.enqueue(1)]).enqueue(2)]).enqueue()
    burst()
    assert TaskRun.objects.get(pk=last.id).state == "DONE"


@pytest.mark.parametrize("task", [group, agroup, agroup_in_a_thread], ids=["function", "coroutine", "thread"])
def test_tasks_write_in_the_transaction_of_the_test_case(db, task):
    Group.objects.create(name="before")
    result = task.enqueue("by the task")
    burst()
    result.refresh()
    assert result.return_value == 2
    assert Group.objects.filter(name="by the task").exists()


def test_a_failed_statement_in_a_task_does_not_break_the_test_case(db):
    result = break_a_statement.enqueue()
    fail.enqueue()
    burst()
    assert TaskRun.objects.get(pk=result.id).state == "FAILED"
    assert TaskRun.objects.filter(state="PENDING").count() == 1


def test_as_many_as_asked_for_in_a_test_case(db):
    noop.enqueue_many([[]] * 5)
    call_command("runworker", "--burst", "--max-tasks", "2")
    assert TaskRun.objects.filter(state="DONE").count() == 2


def test_it_leaves_signal_handlers_and_loggers_as_they_were(db):
    logger = logging.getLogger("django_tasks_fsm")
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), logger.handlers[:], logger.level
    noop.enqueue()
    burst()
    after = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), logger.handlers[:], logger.level
    assert after == before


def test_it_works_outside_the_main_thread(transactional_db):
    result, errors = add.enqueue(1, 2), []

    def work():
        try:
            burst(interval=0.1)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert errors == []
    result.refresh()
    assert result.return_value == 3


def test_queue_names_given_from_python_are_names_and_not_letters(db):
    noop.enqueue()
    burst(queues="default")
    assert TaskRun.objects.get().state == "DONE"


def test_excluded_queues_given_from_python(db):
    noop.enqueue()
    burst(exclude_queues=["default"])
    assert TaskRun.objects.get().state == "QUEUED"


def test_an_unknown_database_is_named(db):
    with pytest.raises(CommandError, match=r"There is no database 'nowhere' in DATABASES\. Known: default\."):
        call_command("runworker", "--database=nowhere", "--burst")


@pytest.mark.parametrize("flag", ["--concurrency=0", "--queues=a b", "--interval=0", "--grace=-1", "--max-tasks=some"])
def test_a_bad_flag_is_named(flag):
    with pytest.raises(CommandError, match=flag.split("=")[0]):
        call_command("runworker", flag)


def test_the_name_is_shown_and_a_long_one_is_cut(db):
    call_command("runworker", "--burst", f"--name={'n' * 300}")
    assert Worker.objects.get().name == "n" * 100


@pytest.mark.parametrize("name", ["tasks_fsm worker", "runworker"])
def test_both_names_do_the_same(db, name):
    result = noop.enqueue()
    call_command(*name.split(), "--burst")
    assert TaskRun.objects.get(pk=result.id).state == "DONE"


def test_a_worker_that_a_task_starts_has_no_supervisor(db, monkeypatch):
    monkeypatch.setenv(PARENT, str(os.getppid()))
    assert worker._parent_pid() == os.getppid()
    assert PARENT not in os.environ
    assert worker._parent_pid() is None


@pytest.mark.django_db
def test_a_database_that_is_not_migrated_gets_a_sentence(monkeypatch):
    def run(self):
        raise OperationalError("no such table: django_tasks_fsm_worker")

    monkeypatch.setattr("django_tasks_fsm.worker.service.Worker.run", run)
    with pytest.raises(CommandError, match=r"'default' cannot serve as a queue: no such table.*migrate"):
        call_command("runworker", "--burst")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reserve": ["50=2", "90=2"], "concurrency": 4}, "--reserve keeps 4 of 4 slots"),
        ({"queues": "mail", "queue_concurrency": ["reports=1"]}, "'reports', which this worker does not serve"),
        ({"exclude_queues": "reports", "queue_concurrency": ["reports=1"]}, "which this worker does not serve"),
        ({"paused": True}, "--paused waits for a person"),
    ],
    ids=["all slots reserved", "another queue", "an excluded queue", "paused burst"],
)
def test_flags_that_contradict_each_other_are_refused(db, options, said):
    with pytest.raises(CommandError, match=said):
        burst(**options)


def test_reserves_of_one_priority_add_up(db):
    found = worker.config_from({**DEFAULTS, "reserve": ["50=1", (90, 1), "50=1"], "concurrency": 5, "max_rss": 300})
    assert (found.reserve, found.max_rss) == (((50, 2), (90, 1)), 300 * 1024 * 1024)

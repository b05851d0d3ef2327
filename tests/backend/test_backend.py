"""The doors of the backend: what it supports, refuses, stores and answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as django_timezone

from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import UnstorablePayload
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.tasks_api import (
    BaseTaskBackend,
    InvalidTask,
    TaskResultDoesNotExist,
    TaskResultMismatch,
    TaskResultStatus,
    task_backends,
)
from tests.backend import sample

BACKEND = "django_tasks_fsm.backend.FSMBackend"
ANY_QUEUE = {"default": {"BACKEND": BACKEND, "QUEUES": []}}


def test_it_supports_all_that_django_asks_for() -> None:
    backend = task_backends["default"]
    assert isinstance(backend, BaseTaskBackend)
    names = ("supports_defer", "supports_async_task", "supports_get_result", "supports_priority")
    assert {name: getattr(backend, name) for name in names} == dict.fromkeys(names, True)
    assert backend.task_class is FSMTask


def test_an_instance_keeps_nothing_but_its_settings() -> None:
    backend = FSMBackend("x", {"QUEUES": ["a"], "OPTIONS": {"LEASE_SECONDS": 5}})
    assert vars(backend) == {"alias": "x", "queues": {"a"}, "options": {"LEASE_SECONDS": 5}}


@pytest.mark.django_db
def test_enqueue_stores_one_run_and_returns_its_result() -> None:
    result = sample.echo.enqueue(1, "two", three=[3])
    run = TaskRun.objects.get()
    assert (result.id, result.status, result.state) == (str(run.pk), TaskResultStatus.READY, "QUEUED")
    assert (result.args, result.kwargs) == ([1, "two"], {"three": [3]})
    assert (run.args, run.kwargs, run.queue, run.priority) == ([1, "two"], {"three": [3]}, "default", 0)


@pytest.mark.django_db(transaction=True)
def test_enqueue_of_a_known_function_is_one_statement(django_assert_num_queries: Any) -> None:
    sample.echo.enqueue()
    with django_assert_num_queries(1):
        sample.echo.enqueue()


@pytest.mark.django_db
def test_enqueue_many_needs_a_handful_of_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        results = sample.echo.enqueue_many([[number] for number in range(100)])
    assert [result.args for result in results] == [[number] for number in range(100)]
    assert TaskRun.objects.count() == 100
    assert len(queries) < 12


@pytest.mark.django_db
def test_enqueue_many_takes_positions_and_names() -> None:
    one, two = sample.echo.enqueue_many([(1, 2), {"a": 3}])
    assert (one.args, one.kwargs, two.args, two.kwargs) == ([1, 2], {}, [], {"a": 3})
    assert sample.echo.enqueue_many([]) == []


@pytest.mark.parametrize("call", ["text", b"bytes", 7, None])
def test_enqueue_many_refuses_what_is_no_call(call: Any) -> None:
    with pytest.raises(TypeError, match="A call is a sequence of arguments or a mapping"):
        sample.echo.enqueue_many([call])


@pytest.mark.django_db
def test_enqueue_many_is_all_or_none_and_names_the_culprit() -> None:
    with pytest.raises(UnstorablePayload, match=r"calls\[1\]\.args\[0\]\['when'\] cannot be stored"):
        sample.echo.enqueue_many([[1], [{"when": date(2030, 1, 1)}]])
    assert not TaskRun.objects.exists()


@pytest.mark.fault("F72")
@pytest.mark.django_db
def test_what_cannot_be_stored_is_refused_before_anything_is_written() -> None:
    Queue.objects.filter(name="default").delete()
    Task.objects.filter(name=sample.echo.module_path).delete()
    with (
        CaptureQueriesContext(connection) as queries,
        pytest.raises(UnstorablePayload, match=r"kwargs\['a'\]\[1\] cannot be stored: Unsupported type: <class 'set'>"),
    ):
        sample.echo.enqueue(a=[0, {1}])
    assert not queries.captured_queries


@pytest.mark.django_db
def test_aenqueue_and_aget_result_answer_the_same() -> None:
    result = async_to_sync(sample.aecho.aenqueue)(1, b=2)
    assert async_to_sync(sample.aecho.aget_result)(result.id) == result == sample.aecho.get_result(result.id)


@pytest.mark.django_db
def test_the_row_of_a_function_says_what_was_declared_not_what_one_enqueue_changed() -> None:
    Task.objects.filter(name=sample.echo.module_path).delete()
    sample.echo.using(queue_name="audit", priority=5).enqueue()
    row = Task.objects.get(name=sample.echo.module_path)
    assert (row.queue, row.priority) == ("default", 0)


@pytest.mark.django_db
def test_prepare_waits_until_it_is_let_go(burst: Callable[[], None]) -> None:
    result = sample.echo.prepare(1)
    burst()
    result.refresh()
    assert (result.state, result.status) == ("PREPARE", TaskResultStatus.READY)
    assert result.run.prepared()
    burst()
    result.refresh()
    assert result.return_value == {"args": [1], "kwargs": {}}


@pytest.mark.django_db
def test_a_key_returns_the_run_that_bears_it_and_announces_nothing(heard: list[Any]) -> None:
    once = sample.echo.using(key="only one")
    first, second = once.enqueue(1), once.using(priority=9).enqueue(2)
    assert (second.id, second.args, second.task.priority) == (first.id, [1], 0)
    assert [name for name, *_ in heard] == ["enqueued"]


# -- results --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [None, "", "123", "x" * 10_000, "\x00", "\ud800", 7, b"id", "-" * 36, object()])
def test_a_malformed_id_does_not_exist(bad: Any) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        task_backends["default"].get_result(bad)
    with pytest.raises(TaskResultDoesNotExist):
        async_to_sync(sample.echo.aget_result)(bad)


@pytest.mark.django_db
def test_an_unknown_id_does_not_exist_and_is_named() -> None:
    unknown = str(uuid.uuid4())
    with pytest.raises(TaskResultDoesNotExist, match=unknown):
        sample.echo.get_result(unknown)


@pytest.mark.django_db
def test_a_result_of_another_function_does_not_match() -> None:
    result = sample.echo.enqueue()
    for ask in (sample.other.get_result, async_to_sync(sample.other.aget_result)):
        with pytest.raises(TaskResultMismatch, match="Task does not match"):
            ask(result.id)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1, (2, 3)), {"of": {4: "four", True: 1, None: 0, 1.5: "x"}}),
        (("é\u2028\U0001f600", b"bytes", ""), {"nested": [[[{}]]]}),
        ((0.1, -0.0, 1e15, 2**60, -(2**63)), {"": None}),
    ],
)
def test_arguments_come_back_as_they_were_stored(args: Any, kwargs: Any) -> None:
    result = sample.echo.enqueue(*args, **kwargs)
    assert sample.echo.get_result(result.id) == result


@pytest.mark.django_db
@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_deferred_result_comes_back_as_it_was(days: int) -> None:
    deferred = sample.echo.using(run_after=django_timezone.now() + timedelta(days=days), priority=3, queue_name="audit")
    result = deferred.enqueue()
    assert result.task == deferred
    assert deferred.get_result(result.id) == result
    assert result.state == ("PENDING" if days == 1 else "QUEUED")


@pytest.mark.django_db
def test_a_result_with_key_and_prerequisites_comes_back_as_it_was() -> None:
    first = sample.other.enqueue()
    task = sample.echo.using(key="k", graph=uuid.uuid4(), after=[first])
    result = task.enqueue()
    assert result.task == task
    assert task.get_result(result.id) == result


def rolled_back(task: FSMTask) -> FSMTaskResult:
    """Enqueue in a transaction that is rolled back."""
    with transaction.atomic():
        result: FSMTaskResult = task.enqueue()
        transaction.set_rollback(True)
    return result


# -- transactions ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_run_never_was(burst: Callable[[], None], heard: list[Any]) -> None:
    result = rolled_back(sample.echo)
    burst()
    assert not TaskRun.objects.exists()
    assert [name for name, *_ in heard] == ["enqueued"]
    with pytest.raises(TaskResultDoesNotExist):
        sample.echo.get_result(result.id)


@pytest.mark.django_db(transaction=True)
def test_enqueue_on_commit_runs_after_the_transaction(burst: Callable[[], None]) -> None:
    with transaction.atomic():
        transaction.on_commit(partial(sample.echo.enqueue, 1))
        inside = sample.other.enqueue()
        assert TaskRun.objects.count() == 1
    assert TaskRun.objects.count() == 2
    burst()
    inside.refresh()
    assert inside.status == TaskResultStatus.SUCCESSFUL
    assert set(TaskRun.objects.values_list("state", flat=True)) == {"DONE"}


@pytest.mark.django_db(transaction=True)
@override_settings(TASKS=ANY_QUEUE)
def test_a_queue_made_in_a_transaction_that_is_rolled_back_is_made_again(burst: Callable[[], None]) -> None:
    new = sample.echo.using(queue_name="never-seen-before")
    rolled_back(new)
    result = new.enqueue()
    burst()
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL


# -- what is refused ------------------------------------------------------------------------------------------------


def test_an_unknown_queue_is_refused_in_djangos_words() -> None:
    with pytest.raises(InvalidTask, match="Queue 'unknown' is not valid for backend"):
        sample.echo.using(queue_name="unknown")


@pytest.mark.django_db
@override_settings(TASKS=ANY_QUEUE)
def test_no_queues_in_the_settings_allow_all(burst: Callable[[], None]) -> None:
    result = sample.echo.using(queue_name="q" * 64).enqueue()
    burst()
    result.refresh()
    assert (result.status, result.task.queue_name) == (TaskResultStatus.SUCCESSFUL, "q" * 64)


@pytest.mark.fault("F74")
@override_settings(TASKS=ANY_QUEUE)
@pytest.mark.parametrize("name", ["q" * 65, "", "a,b", "*", "a\n", "a b", "schön", "a\x00b", "a;b", "-" * 65])
def test_a_queue_name_that_does_not_fit_is_refused_early(name: str) -> None:
    with pytest.raises(InvalidTask, match="1 to 64 letters, digits, dots, hyphens or underscores"):
        sample.echo.using(queue_name=name)


@override_settings(TASKS=ANY_QUEUE)
@pytest.mark.parametrize("name", [7, ["default"], b"default"])
def test_a_queue_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(InvalidTask, match="queue_name must be a string"):
        sample.echo.using(queue_name=name)


@pytest.mark.fault("F73")
@pytest.mark.parametrize("priority", [101, -101, 3.5, float("nan"), float("inf"), "5", (), 10**30])
def test_a_priority_that_is_none_is_refused_in_djangos_words(priority: Any) -> None:
    with pytest.raises(InvalidTask, match="priority must be a whole number between -100 and 100"):
        sample.echo.using(priority=priority)


@pytest.mark.django_db
def test_a_whole_float_is_a_priority() -> None:
    result = sample.echo.using(priority=3.0).enqueue()  # type: ignore[arg-type]
    assert result.run.priority == 3
    assert sample.echo.get_result(result.id) == result


@pytest.mark.fault("F59")
@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2030, 1, 1), "run_after must be an aware datetime"),
        (date(2030, 1, 1), "run_after must be a datetime"),
        ("2030-01-01", "run_after must be a datetime"),
        (timedelta(hours=1), "run_after must be a datetime"),
        (datetime.max.replace(tzinfo=UTC), "run_after: .* cannot be stored"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=9))), "run_after: .* cannot be stored"),
    ],
)
def test_a_run_after_that_is_none_is_refused(moment: Any, words: str) -> None:
    with pytest.raises(InvalidTask, match=words):
        sample.echo.using(run_after=moment)


@pytest.mark.django_db
def test_a_run_may_wait_for_thousands_of_years(burst: Callable[[], None]) -> None:
    end = datetime(8999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-8)))
    result = sample.echo.using(run_after=end).enqueue()
    burst()
    result.refresh()
    assert result.status == TaskResultStatus.READY
    assert result.run.run_at == end


@pytest.mark.django_db
def test_a_task_is_checked_again_when_it_is_enqueued() -> None:
    task = sample.echo.using(queue_name="audit")
    with (
        override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["other"]}}),
        pytest.raises(InvalidTask, match="Queue 'audit' is not valid"),
    ):
        task.enqueue()


# -- running --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("task", [sample.echo, sample.aecho])
def test_a_worker_in_the_transaction_of_a_test_runs_it(task: FSMTask, burst: Callable[[], None]) -> None:
    result = task.enqueue(1, a=2)
    burst()
    result.refresh()
    assert result.return_value == {"args": [1], "kwargs": {"a": 2}}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("task", [sample.echo, sample.aecho])
def test_a_worker_with_threads_runs_it(task: FSMTask, burst: Callable[[], None]) -> None:
    result = task.enqueue(1, a=2)
    burst()
    async_to_sync(result.arefresh)()
    assert result.return_value == {"args": [1], "kwargs": {"a": 2}}

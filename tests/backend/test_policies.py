"""What a task may declare."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import override_settings

from django_tasks_fsm import service, task
from django_tasks_fsm.exceptions import InvalidLimit
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.tasks_api import InvalidTask
from tests.backend import sample


def plain() -> None:
    """Be a function that is no task yet."""


async def aplain() -> None:
    """Be a coroutine function that is no task yet."""


def gives(context: Any) -> Any:
    """Be a generator function that is no service yet."""
    yield


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sensitive", "card", "sensitive must be True or a list of names, not 'card'"),
        ("sensitive", ["card", 1], "sensitive must be True or a list of names"),
        ("sensitive", False, "sensitive must be True or a list of names, not False"),
        ("max_attempts", 0, "max_attempts is 0, but must be 1 or more"),
        ("max_attempts", "3", "max_attempts is '3'"),
        ("max_attempts", 1001, "max_attempts must be at most 1000"),
        ("retry_on", ValueError, "retry_on is .*, but must be a tuple of exception classes"),
        ("retry_on", ("ValueError",), "must be a tuple of exception classes"),
        ("give_up_on", [ValueError], "give_up_on is .*, but must be a tuple"),
        ("backoff", 5, "backoff must be a function of an exception and a result"),
        ("timeout", 0, "timeout must be a number of seconds above zero"),
        ("timeout", -1, "timeout must be a number of seconds above zero"),
        ("timeout", float("nan"), "timeout must be a number of seconds above zero"),
        ("timeout", float("inf"), "timeout must be a number of seconds above zero"),
        ("timeout", "60", "timeout must be a number of seconds above zero"),
        ("atomic", "yes", "atomic must be True or False, not 'yes'"),
        ("on_lost", "retry", "on_lost must be 'requeue' or 'fail', not 'retry'"),
        ("max_instances", 0, "max_instances must be a whole number from 1 to 100000, or None, not 0"),
        ("max_instances", True, "max_instances must be a whole number"),
        ("concurrency", "2", "concurrency must be a whole number"),
        ("concurrency_key", "", "concurrency_key must have 1 to 200 printable characters"),
        ("rate_limit", "often", "rate_limit: A rate is a number per period"),
        ("rate_limit", None, "rate_limit: A rate is a number per period"),
        ("on_overlap", "queue", "on_overlap must be 'skip' or 'wait', not 'queue'"),
        ("cancel_on_exception", 1, "cancel_on_exception must be True or False"),
        ("cancel_on_result", "none", "cancel_on_result must be a function of the result"),
        ("track", 1, "track must be True, False or a function"),
        (
            "executor",
            "treads",
            "executor must be one of inline, thread, process, asyncio, .* not 'treads'",
        ),
        ("executor", "dask", r"or a key of OPTIONS\['EXECUTORS'\], not 'dask'"),
        ("executor", "asyncio:", "executor must be one of"),
        ("log_level", "LOUD", "log_level must be one of DEBUG, INFO, .*, OFF, not 'LOUD'"),
        ("executor", 4, "executor must be one of .* not 4"),
        ("executor", "asyncio", "runs coroutine functions only: any other would block its loop"),
        ("executor", "asyncio:reports", "runs coroutine functions only"),
    ],
)
def test_a_policy_that_no_run_could_use_is_refused_when_it_is_declared(field: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidTask, match=words):
        task(**{field: value})(plain)


@pytest.mark.parametrize("kind", ["coroutine", "generator", "service"])
def test_what_has_no_transaction_of_its_own_cannot_be_atomic(kind: str) -> None:
    with pytest.raises(InvalidTask, match="is a coroutine, a generator or a service"):
        service(every=1, atomic=True)(gives) if kind == "service" else task(atomic=True)(
            aplain if kind == "coroutine" else gives
        )


def test_a_thread_does_not_await() -> None:
    with pytest.raises(InvalidTask, match="executor 'thread' does not await coroutine functions"):
        task(executor="thread")(aplain)


def test_an_executor_belongs_to_the_function() -> None:
    with pytest.raises(TypeError, match="cannot change 'executor', which belongs to the function"):
        sample.echo.using(executor="process")


@pytest.mark.parametrize("key", ["", "k" * 201, "a\x00b", "a\nb", 7, b"k"])
def test_a_key_that_does_not_fit_is_refused(key: Any) -> None:
    with pytest.raises(InvalidTask, match="key must have 1 to 200 printable characters"):
        sample.echo.using(key=key)


def test_a_key_may_have_any_script() -> None:
    assert sample.echo.using(key="Zürich 東京 " + "k" * 190).key is not None


@pytest.mark.parametrize("graph", ["night", 7, str(uuid.UUID(int=7))])
def test_a_graph_is_a_uuid(graph: Any) -> None:
    with pytest.raises(InvalidTask, match="graph must be the UUID of a run graph"):
        sample.echo.using(graph=graph)


@override_settings(USE_TZ=False)
def test_without_time_zones_an_aware_time_is_refused() -> None:
    with pytest.raises(InvalidTask, match="run_after must be a naive datetime while USE_TZ is False"):
        sample.echo.using(run_after=datetime(2031, 1, 1, tzinfo=UTC))
    assert sample.echo.using(run_after=datetime(2031, 1, 1)).run_after == datetime(2031, 1, 1)


@pytest.mark.parametrize("label", ["x" * 101, "a\nb", 5, None])
def test_a_label_that_no_card_could_show_is_refused(label: Any) -> None:
    with pytest.raises(InvalidTask, match="label must have at most 100 printable characters"):
        sample.echo.using(label=label)


@pytest.mark.django_db
def test_a_label_is_stored_with_each_run() -> None:
    assert sample.echo.using(label="numpy").enqueue(1).run.label == "numpy"
    assert sample.echo.enqueue(1).run.label == ""


@pytest.mark.django_db
def test_a_label_may_be_made_of_the_arguments() -> None:
    labelled = sample.echo.using(label=lambda *args, **kwargs: f"{args}\n{kwargs}" + "x" * 200)
    first, second = labelled.enqueue_many([[1], {"name": "b"}])
    assert first.run.label.startswith("(1,){}x")
    assert second.run.label.startswith("(){'name': 'b'}x")
    assert len(first.run.label) == 100


@pytest.mark.django_db
def test_a_run_bears_the_concurrency_key_of_its_call_or_its_task() -> None:
    assert sample.keyed.enqueue("a").run.concurrency_key == "letter a"
    assert sample.keyed.enqueue("").run.concurrency_key is None
    assert sample.keyed.using(concurrency_key="mine").enqueue("a").run.concurrency_key == "mine"


@pytest.mark.django_db
def test_the_limits_of_a_function_stand_in_its_row() -> None:
    row = sample.keyed.enqueue("a").run.task
    assert (row.max_instances, row.concurrency, row.rate_limit, row.on_overlap) == (5, 2, "100/m", "wait")


@pytest.mark.django_db
def test_a_key_that_cannot_be_made_makes_no_run() -> None:
    with pytest.raises(InvalidLimit, match=r"concurrency_key raised TypeError"):
        sample.keyed.enqueue(5)
    assert not TaskRun.objects.exists()


@pytest.mark.django_db
def test_a_schedule_whose_key_cannot_be_made_stops_itself(caplog: pytest.LogCaptureFixture) -> None:
    row = sample.keyed.schedule("broken", every=60, args=[5])
    assert row is not None
    row.run_at(row.created_at)
    assert fire("default") == 0
    assert "Task 'broken' does not fire any more until somebody corrects it" in caplog.text
    assert not TaskRun.objects.exists()

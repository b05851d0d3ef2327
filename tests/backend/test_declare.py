"""``@task`` and FSMTask, the frozen dataclass that it gives."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import pytest
from django.test import override_settings
from django.utils.module_loading import import_string

from django_tasks_fsm import task
from django_tasks_fsm.core.prerequisites import Awaited, Condition, OnFailure
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.tasks_api import DEFAULT_TASK_BACKEND_ALIAS, InvalidTask, Task, TaskResultStatus
from tests.backend import sample

django_task: Any = import_string("django.tasks.task" if django.VERSION >= (6, 0) else "django_tasks.task")
needs_6_1 = pytest.mark.skipif(django.VERSION < (6, 1), reason="Django 6.1 made tasks picklable")
TASKS = {
    "default": {"BACKEND": "django_tasks_fsm.backend.FSMBackend", "QUEUES": ["default", "audit"]},
    "immediate": {
        "BACKEND": f"django{'.' if django.VERSION >= (6, 0) else '_'}tasks.backends.immediate.ImmediateBackend",
        "QUEUES": [],
    },
}


def plain(number: int = 0) -> int:
    """Be a function that is no task yet."""
    return number


def wants_context(context: Any) -> Any:
    """Be a function that is no task yet."""
    return context


class Holder:
    """Hold functions that are no task."""

    def method(self) -> None:
        """Be bound."""

    def __call__(self) -> None:
        """Be called."""


def test_the_decorator_gives_djangos_task_with_our_fields() -> None:
    assert isinstance(sample.declared, FSMTask)
    assert isinstance(sample.declared, Task)
    assert (sample.declared.queue_name, sample.declared.priority) == ("audit", 7)
    assert (sample.declared.timeout, sample.declared.on_lost, sample.declared.max_attempts) == (60, "fail", 1)
    assert (sample.declared.name, sample.declared.module_path) == ("declared", "tests.backend.sample.declared")
    assert sample.declared.backend == DEFAULT_TASK_BACKEND_ALIAS


def test_djangos_own_decorator_gives_the_same_class() -> None:
    declared = django_task(queue_name="audit")(plain)
    assert type(declared) is FSMTask
    assert declared == task(queue_name="audit")(plain)


@pytest.mark.skipif((6, 0) <= django.VERSION < (6, 1), reason="Django 6.0 passes no further arguments on")
def test_djangos_own_decorator_takes_our_fields() -> None:
    declared = django_task(max_attempts=4, timeout=1.5)(sample_for_djangos_decorator)
    assert (declared.max_attempts, declared.timeout) == (4, 1.5)
    with pytest.raises(TypeError, match="max_attempt"):
        django_task(max_attempt=4)(plain)


def sample_for_djangos_decorator() -> None:
    """Be declared once."""


def test_it_is_frozen_and_slotted_all_the_way() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.echo.priority = 5  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(sample.echo, "surprise", 1)
    assert not hasattr(sample.echo, "__dict__")


def test_equality_and_hash_follow_the_fields() -> None:
    assert sample.echo.using() == sample.echo
    assert sample.echo.using() is not sample.echo
    assert hash(sample.echo.using()) == hash(sample.echo)
    assert sample.echo.using(key="a") != sample.echo
    assert len({sample.echo, sample.echo.using(priority=1), sample.echo.using(priority=1)}) == 2


def test_its_repr_names_function_and_fields() -> None:
    shown = repr(sample.declared)
    assert shown.startswith("FSMTask(")
    assert "function declared" in shown
    assert "on_lost='fail'" in shown


def test_using_keeps_what_it_is_not_given() -> None:
    when, graph = datetime(2031, 5, 1, tzinfo=UTC), uuid.uuid4()
    first = sample.declared.using(run_after=when, key="k", graph=graph)
    copy = first.using(priority=1).using(queue_name="default")
    assert (copy.run_after, copy.key, copy.graph, copy.priority, copy.queue_name) == (when, "k", graph, 1, "default")
    assert (copy.timeout, copy.on_lost, copy.func) == (60, "fail", sample.declared.func)
    assert (sample.declared.priority, sample.declared.key, sample.declared.run_after) == (7, None, None)


@pytest.mark.parametrize("name", ["max_attempts", "backoff", "timeout", "on_lost", "retry_on", "takes_context"])
def test_using_refuses_what_a_worker_would_not_know_of(name: str) -> None:
    with pytest.raises(TypeError, match=f"cannot change '{name}', which belongs to the function"):
        sample.echo.using(**{name: 2})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["name", "func", "priorty", "delay"])
def test_using_refuses_what_is_no_setting(name: str) -> None:
    with pytest.raises(TypeError, match=f"no setting '{name}'. Known: after, backend"):
        sample.echo.using(**{name: 2})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_using_after_takes_results_runs_and_ids() -> None:
    first = sample.other.enqueue()
    edge = Awaited(uuid.UUID(first.id), Condition.DONE)
    for item in (first, first.run, first.id, edge.run, (first, "done"), (first.run, Condition.DONE)):
        assert sample.echo.using(after=[item]).prerequisites == (edge,)
    terms = sample.echo.using(after=[(first, "failed", "skip")]).prerequisites
    assert terms == (Awaited(edge.run, Condition.FAILED, OnFailure.SKIP),)


@pytest.mark.parametrize(
    "item",
    [
        "not an id",
        None,
        ("not an id", "done"),
        (str(uuid.uuid4()), "maybe"),
        (str(uuid.uuid4()), "done", "shrug"),
        (),
        7,
    ],
)
def test_using_after_refuses_what_is_no_run(item: Any) -> None:
    with pytest.raises(InvalidTask, match="neither a run nor"):
        sample.echo.using(after=[item])


@pytest.mark.parametrize("option", ["name", "retries", "max_attempt", "func_name"])
def test_an_unknown_option_is_refused(option: str) -> None:
    with pytest.raises(TypeError, match=option):
        task(**{option: 1})(plain)  # type: ignore[call-overload]


def test_run_after_belongs_to_an_enqueue() -> None:
    with pytest.raises(TypeError, match=r"Call \.using\(run_after=\.\.\.\)"):
        task(run_after=datetime(2031, 1, 1, tzinfo=UTC))(plain)


@pytest.mark.parametrize(
    "function",
    [lambda: None, Holder().method, Holder(), Holder, functools.partial(plain, 1), len, None.__class__, 7],
    ids=["lambda", "method", "instance", "class", "partial", "builtin", "type", "number"],
)
def test_what_is_no_function_of_a_module_is_refused_in_djangos_words(function: Any) -> None:
    with pytest.raises(InvalidTask, match="Task function must be defined at a module level"):
        task()(function)


def test_a_nested_function_is_refused_in_djangos_words() -> None:
    def nested() -> None:
        """Be unreachable for a worker."""

    with pytest.raises(InvalidTask, match="Task function must be defined at a module level"):
        task(nested)


def test_a_context_must_be_the_first_argument() -> None:
    with pytest.raises(InvalidTask, match="does not have a first argument of 'context'"):
        task(takes_context=True)(sample.echo.func)
    assert task(takes_context=True)(wants_context).takes_context


def test_a_wrapped_function_keeps_its_name() -> None:
    declared = task(functools.lru_cache(maxsize=None)(plain).__wrapped__)
    assert declared.module_path == f"{__name__}.plain"


@pytest.mark.django_db
@override_settings(TASKS=TASKS)
def test_it_runs_on_another_backend_too() -> None:
    elsewhere = sample.echo.using(backend="immediate")
    assert elsewhere.enqueue(1).return_value == {"args": [1], "kwargs": {}}
    assert [result.status for result in elsewhere.enqueue_many([[1], {"a": 2}])] == [TaskResultStatus.SUCCESSFUL] * 2
    with pytest.raises(InvalidTask, match="Backend 'immediate' cannot prepare a run"):
        elsewhere.prepare()


@needs_6_1
@pytest.mark.parametrize(
    "made", [sample.declared, sample.declared.using(key="k", priority=3, run_after=datetime(2031, 1, 1, tzinfo=UTC))]
)
def test_a_task_survives_pickling(made: FSMTask) -> None:
    assert pickle.loads(pickle.dumps(made)) == made


@needs_6_1
@pytest.mark.django_db
def test_a_result_survives_pickling() -> None:
    result = sample.echo.enqueue(1, a=[2])
    copy = pickle.loads(pickle.dumps(result))
    assert copy == result
    assert copy.state == "QUEUED"
    copy.refresh()
    assert copy == result


def test_it_answers_when_it_is_called_directly() -> None:
    assert sample.echo.call(1, a=2) == {"args": [1], "kwargs": {"a": 2}}
    assert sample.aecho.call(1) == {"args": [1], "kwargs": {}}


def test_the_package_gives_it_lazily() -> None:
    import django_tasks_fsm

    assert django_tasks_fsm.task is task
    assert django_tasks_fsm.current_run is sys.modules["django_tasks_fsm.context"].current_run
    with pytest.raises(AttributeError, match="no attribute 'tsk'"):
        _ = django_tasks_fsm.tsk


def test_seconds_and_timedeltas_are_both_intervals() -> None:
    from django_tasks_fsm.core.triggers.request import trigger_for

    of = functools.partial(trigger_for, "x", cron=None, at=None, timezone="UTC")
    assert of(every=90) == of(every=timedelta(seconds=90))

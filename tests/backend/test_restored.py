"""Results whose task the code or the settings know no longer, or never knew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import override_settings

from django_tasks_fsm import registry
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.exceptions import FunctionNotRegistered
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.tasks_api import TaskResultStatus, task_backends
from tests.backend import sample

BACKEND = "django_tasks_fsm.backend.FSMBackend"


@pytest.fixture
def orphan() -> TaskRun:
    """Give a run whose function is nowhere."""
    result = sample.echo.enqueue(1)
    Task.objects.filter(name=sample.echo.module_path).update(function="shop.tasks.gone")
    return TaskRun.objects.get(pk=result.id)


@pytest.mark.django_db
def test_get_result_answers_when_the_function_has_gone(orphan: TaskRun) -> None:
    result = task_backends["default"].get_result(str(orphan.pk))
    assert (result.task.module_path, result.task.name, result.args) == ("shop.tasks.gone", "gone", [1])
    assert isinstance(result.task, FSMTask)
    with pytest.raises(FunctionNotRegistered, match=r"No task is registered as 'shop\.tasks\.gone'"):
        result.task.func(1)
    with pytest.raises(FunctionNotRegistered):
        result.task.call()
    result.refresh()


@pytest.mark.django_db
def test_asking_for_it_does_not_register_it(orphan: TaskRun, burst: Callable[[], None]) -> None:
    task_backends["default"].get_result(str(orphan.pk))
    assert "shop.tasks.gone" not in registry.functions()
    burst()
    orphan.refresh_from_db()
    assert (orphan.state, orphan.attempt) == ("PENDING", 0)


@pytest.mark.django_db
@pytest.mark.parametrize("ended", [False, True])
def test_get_result_answers_when_the_queue_has_gone(ended: bool, burst: Callable[[], None]) -> None:
    result = sample.echo.using(queue_name="audit", priority=5).enqueue(1)
    if ended:
        burst()
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["other"]}}):
        result.refresh()
        read = task_backends["default"].get_result(result.id)
    assert (read.task.queue_name, read.task.priority) == ("audit", 5)
    assert read.status == (TaskResultStatus.SUCCESSFUL if ended else TaskResultStatus.READY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("task", [sample.echo, sample.aecho])
def test_a_worker_runs_what_waits_in_a_queue_that_the_settings_do_not_list(
    task: FSMTask, burst: Callable[[], None], heard: list[Any]
) -> None:
    result = task.using(queue_name="audit").enqueue()
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["default"]}}):
        burst()
    result.refresh()
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert [name for name, *_ in heard] == ["enqueued", "started", "finished"]


@pytest.mark.django_db
@override_settings(TASKS={"first": {"BACKEND": BACKEND}, "second": {"BACKEND": BACKEND, "QUEUES": ["audit"]}})
def test_two_aliases_share_the_runs_and_each_shows_them_as_its_own(burst: Callable[[], None]) -> None:
    at_first = sample.other.using(backend="first").enqueue()
    at_second = sample.echo.using(backend="second", queue_name="audit").enqueue()
    burst()
    for result, alias in ((at_first, "first"), (at_second, "second")):
        result.refresh()
        assert (result.status, result.backend, result.task.backend) == (TaskResultStatus.SUCCESSFUL, alias, alias)
    assert task_backends["first"].get_result(at_second.id).backend == "first"

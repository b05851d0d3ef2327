"""The backport beside Django 6, as Wagtail brings it along: its handler makes backends of its own from the settings."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync

from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.declare import FSMTask
from tests.backend import sample

pytestmark = [
    pytest.mark.skipif(django.VERSION < (6, 0), reason="below Django 6 the backport is the framework itself"),
    pytest.mark.skipif(not find_spec("django_tasks"), reason="the backport is not installed"),
]


def through_the_backport(number: int) -> int:
    """Be declared by the backport's decorator."""
    return number + 1


def in_context(context: Any) -> int:
    """Be declared by the backport's decorator."""
    attempt: int = context.attempt
    return attempt


@pytest.fixture
def decorator() -> Any:
    """Give the backport's ``task``."""
    return pytest.importorskip("django_tasks").task


def test_its_decorator_gives_our_task(decorator: Any) -> None:
    declared = decorator(queue_name="audit")(through_the_backport)
    assert type(declared) is FSMTask
    assert declared.queue_name == "audit"
    assert isinstance(pytest.importorskip("django_tasks").task_backends["default"], FSMBackend)


@pytest.mark.django_db
def test_a_task_declared_by_it_works_end_to_end(decorator: Any, burst: Callable[[], None], heard: list[Any]) -> None:
    declared = decorator(through_the_backport)
    result, other = declared.enqueue(1), async_to_sync(declared.aenqueue)(2)
    burst()
    result.refresh()
    assert (result.return_value, declared.get_result(other.id).return_value) == (2, 3)
    assert [name for name, *_ in heard].count("finished") == 2


@pytest.mark.django_db
def test_a_task_with_context_works_end_to_end(decorator: Any, burst: Callable[[], None]) -> None:
    result = decorator(takes_context=True)(in_context).enqueue()
    burst()
    result.refresh()
    assert result.return_value == 1


@pytest.mark.django_db
def test_its_handler_answers_for_any_run(decorator: Any, burst: Callable[[], None]) -> None:
    backport = pytest.importorskip("django_tasks")
    result = sample.echo.enqueue(1)
    assert backport.task_backends["default"].get_result(result.id) == result
    assert backport.default_task_backend.enqueue(sample.echo, (2,), {}).args == [2]


@pytest.mark.django_db
def test_its_own_exception_catches_an_unknown_id(decorator: Any) -> None:
    from django.tasks.exceptions import TaskResultDoesNotExist
    from django_tasks import exceptions, task_backends

    with pytest.raises(exceptions.TaskResultDoesNotExist) as caught:
        task_backends["default"].get_result(str(uuid.uuid4()))
    assert isinstance(caught.value, TaskResultDoesNotExist)

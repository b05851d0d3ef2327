from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from django_tasks_fsm.models import Task
from tests.jobs.stopping import serve
from tests.jobs.tasks import aecho, echo

FUNCTION, COROUTINE = echo.module_path, aecho.module_path


@pytest.mark.parametrize(
    ("function", "executor"),
    [(FUNCTION, ""), (FUNCTION, "process"), (COROUTINE, "asyncio:reports"), ("shop.tasks.gone", "thread")],
)
def test_an_executor_that_can_run_the_function_is_accepted(function, executor):
    Task(name="t", function=function, executor=executor).clean()


@pytest.mark.parametrize(
    ("function", "executor", "message"),
    [
        (FUNCTION, "nowhere", "There is no executor “nowhere”. Known: inline, thread, process, asyncio, asyncio:name."),
        (FUNCTION, "asyncio", "An event loop runs coroutine functions only"),
        (COROUTINE, "thread", "Threads do not await coroutine functions."),
        ("shop.tasks.gone", "nowhere", "There is no executor “nowhere”."),
        (serve.module_path, "process", "A service has no executor"),
    ],
)
def test_another_one_is_refused_at_its_field(function, executor, message):
    with pytest.raises(ValidationError) as refused:
        Task(name="t", function=function, executor=executor).clean()
    assert message in refused.value.message_dict["executor"][0]

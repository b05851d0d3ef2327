"""What a task declares that it requires, from the decorator to the end of its graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_tasks_fsm import registry, task
from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.declare import FSMTask
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.requirements import Requirement
from django_tasks_fsm.store.definitions import forget
from django_tasks_fsm.store.sync import sync
from django_tasks_fsm.tasks_api import InvalidTask
from tests.backend import sample


def plain() -> None:
    """Do nothing."""


def after_others(number: int = 0) -> int:
    """Wait for runs of two others."""
    return number


NAME = f"{__name__}.after_others"


@pytest.fixture(autouse=True)
def dependent(db: None, monkeypatch: pytest.MonkeyPatch) -> FSMTask:
    """Give a task that requires two others, registered for this test only: other rooms count what code declares."""
    monkeypatch.setattr(registry, "_functions", dict(registry.functions()))
    made: FSMTask = task(requires=[sample.other, (sample.echo, "finished", "skip")])(after_others)
    sync("default")
    forget()
    return made


def names() -> list[str]:
    return sorted(TaskRun.objects.values_list("task__name", flat=True))


def test_the_decorator_keeps_names_conditions_and_policies(dependent: FSMTask) -> None:
    assert dependent.requires == (
        Requirement(sample.other.module_path),
        Requirement(sample.echo.module_path, Condition.FINISHED, OnFailure.SKIP),
    )


def test_enqueueing_makes_the_whole_graph_and_the_burst_runs_it_in_order(
    dependent: FSMTask, burst: Callable[[], None]
) -> None:
    result = dependent.enqueue(7)
    assert names() == sorted([NAME, sample.other.module_path, sample.echo.module_path])
    assert result.state == "PENDING"
    burst()
    result.refresh()
    assert result.return_value == 7
    assert set(TaskRun.objects.values_list("state", "graph")) == {("DONE", result.run.graph)}


def test_after_takes_the_place_of_what_is_required(dependent: FSMTask) -> None:
    before = sample.other.enqueue()
    result = dependent.using(after=[before]).enqueue()
    assert len(names()) == 2
    assert [run.pk for run in result.run.blockers()] == [before.run.pk]


def test_each_of_many_calls_gets_a_graph_of_its_own(dependent: FSMTask) -> None:
    results = dependent.enqueue_many([[1], [2]])
    assert [result.args for result in results] == [[1], [2]]
    assert len({result.run.graph for result in results}) == 2
    assert len(names()) == 6


def test_a_task_that_requires_nothing_makes_one_run_without_a_graph() -> None:
    assert sample.other.enqueue().run.graph is None
    assert names() == [sample.other.module_path]


def test_starting_the_row_does_the_same() -> None:
    run = Task.objects.get(name=NAME).start()
    assert len(names()) == 3
    assert run.task.name == NAME


@pytest.mark.parametrize(
    "requires",
    [[plain], ["tests.backend.sample.echo"], "echo", 7, [(sample.echo, "sometimes")], [(sample.echo, "done", "shrug")],
     [sample.echo, sample.echo], [()]],
)  # fmt: skip
def test_what_is_no_task_or_no_condition_is_refused(requires: Any) -> None:
    with pytest.raises(InvalidTask, match="requires"):
        task(requires=requires)(plain)

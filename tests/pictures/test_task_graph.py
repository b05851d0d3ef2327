"""Task graphs as records for the drawing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskPrerequisite
from django_tasks_fsm.pictures import task_graph as room
from django_tasks_fsm.pictures.task_graph import graph_of, tasks_around
from tests.admin.rows import make_run, make_task

pytestmark = pytest.mark.django_db


def chain(length: int, **values: Any) -> list[Task]:
    """Make tasks of which each waits for the one before."""
    made = [make_task(f"task {number}") for number in range(length)]
    for before, after in pairwise(made):
        TaskPrerequisite.objects.create(prerequisite=before, task=after, **values)
    return made


def test_a_small_graph_is_shown_whole_with_how_the_last_runs_went() -> None:
    made = chain(4)
    make_run(made[1], RunState.FAILED)
    graph = graph_of(tasks_around(made[0]), made[0].pk)
    assert [(node.label, node.note) for node in graph.nodes][:2] == [("task 0", ""), ("task 1", "failed")]
    assert [node.current for node in graph.nodes] == [True, False, False, False]


def test_steps_cut_the_graph_and_say_so() -> None:
    made = chain(6)
    shown = tasks_around(made[2], "1")
    assert (len(shown.tasks), shown.is_whole) == (3, False)
    assert tasks_around(made[2], "3").is_whole


@pytest.mark.parametrize(
    ("own", "usual", "drawn"), [("skip", "fail", "skip"), ("", "fail", "fail"), ("", "block", "block")]
)
def test_an_edge_has_its_own_policy_or_that_of_its_dependent(own: str, usual: str, drawn: str) -> None:
    first, second = chain(2, on_failure=own)
    Task.objects.filter(pk=second.pk).update(on_prerequisite_failure=usual)
    (edge,) = graph_of(tasks_around(first), first.pk).edges
    assert edge.on_failure == drawn


def test_many_edges_are_walked_and_not_read(monkeypatch: Any, django_assert_max_num_queries: Any) -> None:
    monkeypatch.setattr(room, "FEW", 3)
    made = chain(12)
    with django_assert_max_num_queries(6):
        assert len(tasks_around(made[6], "2").tasks) == 5


def test_a_task_alone_costs_one_statement(django_assert_num_queries: Any) -> None:
    task = make_task()
    with django_assert_num_queries(1):
        assert tasks_around(task).tasks == (task,)

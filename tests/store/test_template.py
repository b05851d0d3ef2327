from __future__ import annotations

import uuid

import pytest

from django_tasks_fsm.core.prerequisites import Condition, OnFailure
from django_tasks_fsm.exceptions import CycleFound, PrerequisiteDiffers
from django_tasks_fsm.models import Task, TaskPrerequisite, TaskRun
from django_tasks_fsm.store.template import TaskEdge, require_tasks, template_of
from tests.store.rows import DB, a_task, done, state_of
from tests.store.threads import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_other_edges(db):
    TaskPrerequisite.objects.all().delete()


def named(*names: str) -> list[Task]:
    return [a_task(name, args=[name]) for name in names]


def diamond() -> list[Task]:
    top, left, right, bottom = named("top", "left", "right", "bottom")
    left.require(top)
    right.require(top)
    bottom.require(left)
    bottom.require(right, condition="finished")
    return [top, left, right, bottom]


def runs_of(graph: uuid.UUID | None) -> dict[str, TaskRun]:
    return {run.task.name: run for run in TaskRun.objects.filter(graph=graph).select_related("task")}


def test_starting_a_task_makes_runs_of_all_that_it_waits_for_in_one_graph():
    *_, bottom = diamond()
    run = bottom.start()
    runs = runs_of(run.graph)
    assert runs["bottom"].pk == run.pk
    assert {name: one.state for name, one in runs.items()} == {
        "top": "QUEUED", "left": "PENDING", "right": "PENDING", "bottom": "PENDING"
    }  # fmt: skip
    assert {name: one.args for name, one in runs.items()} == {name: [name] for name in runs}
    for name in ("top", "left", "right", "bottom"):
        done(runs[name])
    assert state_of(run) == "DONE"


def test_starting_a_task_alone_makes_one_run_that_waits_for_nothing():
    *_, bottom = diamond()
    run = bottom.start(upstream=False)
    assert (run.state, run.graph, TaskRun.objects.count()) == ("QUEUED", None, 1)


def test_dependents_are_taken_along_with_what_they_wait_for():
    top, left, *_ = diamond()
    assert set(runs_of(left.start(dependents=True).graph)) == {"top", "left", "right", "bottom"}
    assert set(runs_of(left.start(upstream=False, dependents=True).graph)) == {"left", "bottom"}
    assert top.start().graph is None


def test_a_task_can_take_its_dependents_along_by_itself():
    top, *_ = diamond()
    Task.objects.filter(pk=top.pk).update(run_dependents=True)
    top.refresh_from_db()
    assert len(runs_of(top.start().graph)) == 4


def test_a_retired_prerequisite_is_left_out():
    top, *_, bottom = diamond()
    Task.objects.filter(pk=top.pk).retire()
    assert set(runs_of(bottom.start().graph)) == {"left", "right", "bottom"}


def test_policy_of_edge_and_task_reach_the_runs():
    first, second, third = named("first", "second", "third")
    third.require(first, on_failure="ignore")
    third.require(second)
    Task.objects.filter(pk=third.pk).update(on_prerequisite_failure="skip")
    third.refresh_from_db()
    edges = third.start().prerequisite_edges.values_list("prerequisite__task__name", "on_failure")
    assert dict(edges) == {"first": "ignore", "second": "skip"}


def test_block_is_require_from_the_other_end():
    first, second = named("first", "second")
    first.block(second, condition="failed")
    edge = TaskPrerequisite.objects.get()
    assert (edge.task, edge.prerequisite, edge.condition) == (second, first, "failed")


@pytest.mark.fault("F63")
def test_a_loop_of_tasks_is_refused_by_name():
    top, *_, bottom = diamond()
    with pytest.raises(CycleFound, match="top"):
        top.require(bottom)
    with pytest.raises(CycleFound):
        top.require(top)


def test_the_same_prerequisite_on_other_terms_is_refused():
    first, second = named("first", "second")
    second.require(first)
    second.require(first)
    with pytest.raises(PrerequisiteDiffers):
        second.require(first, condition="failed")
    assert TaskPrerequisite.objects.count() == 1


@pytest.mark.fault("F64")
@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_halves_of_a_loop_at_once_one_is_refused():
    first, second = named("first", "second")

    def adds(task: Task, above: Task) -> bool:
        try:
            require_tasks([TaskEdge(task.pk, above.pk, Condition.DONE, OnFailure.FAIL)], DB)
        except CycleFound:
            return False
        return True

    assert sorted(at_once(lambda: adds(second, first), lambda: adds(first, second))) == [False, True]


def test_the_template_of_a_task_without_prerequisites_is_itself():
    (alone,) = named("alone")
    template = template_of(alone, DB, upstream=True, dependents=True)
    assert (list(template.tasks), template.edges) == ([alone.pk], ())

"""Run graphs as records for the drawing."""

from __future__ import annotations

import uuid

import pytest

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing import Graph
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.pictures.around import DOWN, Link
from django_tasks_fsm.pictures.run_graph import graph_of
from django_tasks_fsm.pictures.runs import Runs, runs_around
from tests.admin.rows import link, make_chain, make_run, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def task() -> Task:
    return make_task("verify the distributions")


def drawn(run: TaskRun) -> Graph:
    return graph_of(runs_around(run), run.pk)


def test_runs_of_one_task_are_told_apart_by_their_labels(task: Task) -> None:
    graph = uuid.uuid4()
    first, second = (make_run(task, RunState.DONE, graph=graph, label=label) for label in ("numpy", ""))
    link(first, second, met=True)
    assert [node.label for node in drawn(first).nodes] == ["numpy", "verify the distributions"]
    assert [node.note for node in drawn(first).nodes] == ["verify the distributions", str(second.pk)[-6:]]


def test_edges_tell_their_condition_policy_and_standing(task: Task) -> None:
    done, failed, waiting = make_chain(task)
    failed.dependent_edges.update(on_failure="skip", condition="finished")
    link(make_run(task, RunState.FAILED, graph=done.graph), waiting)
    found = [(edge.condition, edge.standing, edge.on_failure) for edge in drawn(waiting).edges]
    assert found == [("done", "met", "block"), ("finished", "met", "skip"), ("done", "broken", "block")]


def test_a_failure_that_does_not_matter_is_met(task: Task) -> None:
    failed = make_run(task, RunState.FAILED)
    edge = link(failed, make_run(task, RunState.PENDING), met=True)
    type(edge).objects.update(on_failure="ignore")
    assert [edge.standing for edge in drawn(failed).edges] == ["met"]


def test_what_was_left_out_is_a_card_behind_its_neighbour(task: Task) -> None:
    run = make_run(task)
    shown = Runs((run,), (Link(run.pk, uuid.uuid4(), "done", "block"),), rest={(run.pk, DOWN): 37})
    graph = graph_of(shown, run.pk, rest_href="/all")
    assert [(node.label, node.href, node.is_rest) for node in graph.nodes[1:]] == [("+37 more", "/all", True)]
    assert [(edge.source, edge.standing) for edge in graph.edges] == [(str(run.pk), "rest")]


def test_the_row_itself_is_marked_and_a_running_one_tells_how_far_it_is(task: Task) -> None:
    run = make_run(task, RunState.RUNNING, progress=40)
    (node,) = drawn(run).nodes
    assert (node.current, node.progress) == (True, 40)

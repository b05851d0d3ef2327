"""What is read of a run graph: enough for a picture, and no more however large the graph."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from django_tasks_fsm.pictures import runs as room
from django_tasks_fsm.pictures.around import SMALL
from django_tasks_fsm.pictures.runs import runs_around, runs_of
from tests.admin.rows import make_run, make_task

pytestmark = pytest.mark.django_db


def chain(length: int, **values: Any) -> list[TaskRun]:
    """Make runs of which each waits for the one before."""
    task = make_task()
    made = TaskRun.objects.bulk_create([TaskRun(task=task, waiting_on=int(n > 0), **values) for n in range(length)])
    edges(list(pairwise(made)))
    return made


def hub(width: int, states: Sequence[RunState] = (RunState.QUEUED,), **values: Any) -> TaskRun:
    """Make a run that waits for many, whose states take turns."""
    task = make_task()
    centre = make_run(task, RunState.PENDING, waiting_on=width, **values)
    parts = [make_run(task, states[n % len(states)], **values) for n in range(width)]
    edges([(part, centre) for part in parts])
    return centre


def edges(pairs: Sequence[tuple[TaskRun, TaskRun]]) -> None:
    RunPrerequisite.objects.bulk_create([RunPrerequisite(prerequisite=a, run=b) for a, b in pairs])


def test_a_small_graph_is_shown_whole_with_what_is_linked_from_elsewhere() -> None:
    made = chain(4, graph=uuid.uuid4())
    alone, foreign = make_run(made[0].task, graph=made[0].graph), make_run(made[0].task)
    edges([(foreign, made[0])])
    shown = runs_around(made[2])
    assert {run.pk for run in shown.runs} == {run.pk for run in (*made, alone, foreign)}
    assert (shown.steps, shown.left_out, shown.is_whole) == ("all", 0, True)


def test_a_large_graph_is_shown_two_steps_around_the_run_and_the_rest_counted() -> None:
    made = chain(SMALL + 10, graph=uuid.uuid4())
    shown = runs_around(made[30])
    assert [run.pk for run in shown.runs] == [run.pk for run in made[28:33]]
    assert (shown.steps, shown.left_out, shown.is_whole) == ("2", SMALL + 5, False)


def test_all_of_a_graph_too_large_for_one_picture_is_what_hangs_together_around_the_run(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "MAX_NODES", 20)
    made = chain(70, graph=uuid.uuid4())
    shown = runs_around(made[30], "all")
    assert len(shown.runs) == 20
    assert made[30] in shown.runs
    assert shown.left_out == 50


def test_trouble_is_shown_first_where_there_is_no_room_for_all(monkeypatch: Any) -> None:
    monkeypatch.setattr(room, "MOST", 5)
    centre = hub(70, (*[RunState.DONE] * 34, RunState.FAILED), graph=uuid.uuid4())
    shown = runs_around(centre)
    assert sorted(run.state for run in shown.runs) == ["DONE", "DONE", "FAILED", "FAILED", "PENDING"]
    assert sum(shown.rest.values()) == 66


def test_runs_without_a_graph_are_found_by_their_links() -> None:
    made = chain(5)
    assert len(runs_around(made[0]).runs) == 5
    assert len(runs_around(made[0], "1").runs) == 2
    assert runs_around(make_run(made[0].task)).runs != ()


@pytest.mark.parametrize("steps", [None, "1", "3", "all"])
def test_the_number_of_statements_does_not_depend_on_the_size(steps: str | None) -> None:
    from django.db import connection

    made = chain(500, graph=uuid.uuid4())
    with CaptureQueriesContext(connection) as queries:
        runs_around(made[250], steps)
    assert len(queries) <= 6
    assert all("LIMIT" in query["sql"] or " IN (" in query["sql"] for query in queries.captured_queries)


def test_a_graph_has_its_runs_by_its_id() -> None:
    made = chain(3, graph=uuid.uuid4())
    assert made[0].graph is not None
    assert len(runs_of(made[0].graph).runs) == 3
    assert runs_of(uuid.uuid4()).runs == ()

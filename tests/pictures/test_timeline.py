"""Timelines: what waited when, which attempts there were, and what decided the end."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.drawing.timeline import Line, Timeline
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.pictures.runs import runs_around
from django_tasks_fsm.pictures.timeline import timeline_of
from tests.admin.rows import link, make_run, make_task, make_worker

pytestmark = pytest.mark.django_db

BEGIN = timezone.now() - timedelta(hours=1)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@pytest.fixture
def task() -> Task:
    return make_task()


@pytest.fixture
def graph() -> uuid.UUID:
    return uuid.uuid4()


def ran(task: Task, start: float, end: float, state: RunState = RunState.DONE, **values: Any) -> TaskRun:
    times = {"enqueued_at": at(0), "run_at": at(0), "started_at": at(start), "finished_at": at(end), "attempt": 1}
    return make_run(task, state, **{**times, **values})


def lines(run: TaskRun) -> dict[str, Line]:
    found: Timeline = timeline_of(runs_around(run), run.pk)
    return {line.key: line for line in found.lines}


def seconds(line: Line) -> tuple[list[Any], list[Any]]:
    def since(moment: datetime | None) -> float | None:
        return None if moment is None else round((moment - BEGIN).total_seconds(), 3)

    bars = [(since(bar.start), since(bar.end)) for bar in line.bars]
    return [(since(start), since(end)) for start, end in line.waits], bars


def test_a_run_waits_from_the_end_of_its_last_prerequisite(task: Task, graph: uuid.UUID) -> None:
    first, second = ran(task, 1, 10, graph=graph), ran(task, 2, 30, graph=graph)
    last = ran(task, 34, 40, graph=graph)
    link(first, last, met=True)
    link(second, last, met=True)
    assert seconds(lines(last)[str(last.pk)]) == ([(30, 34)], [(34, 40)])
    assert seconds(lines(last)[str(first.pk)]) == ([(0, 1)], [(1, 10)])


def test_a_run_does_not_wait_before_it_is_due(task: Task) -> None:
    run = ran(task, 25, 30, run_at=at(20))
    assert seconds(lines(run)[str(run.pk)]) == ([(20, 25)], [(25, 30)])


def test_a_blocked_run_does_not_wait_yet(task: Task, graph: uuid.UUID) -> None:
    run = make_run(task, RunState.PENDING, graph=graph)
    link(make_run(task, RunState.QUEUED, graph=graph), run)
    assert lines(run)[str(run.pk)].waits == ()


@pytest.mark.parametrize(("began", "title"), [(12, "Attempt 1: Failed (8.0 s)"), (None, "Attempt 1: Failed")])
def test_earlier_attempts_are_drawn_as_far_as_they_are_known(task: Task, began: int | None, title: str) -> None:
    worker = make_worker(name="w-9")
    run = ran(task, 50, 60, attempt=2)
    Transition.objects.create(
        run=run, event="retry", from_state="RUNNING", to_state="PENDING", at=at(20), attempt=1, worker_id=worker.pk,
        started_at=None if began is None else at(began),
    )  # fmt: skip
    line = lines(run)[str(run.pk)]
    assert seconds(line)[1] == [(began, 20), (50, 60)]
    assert [(bar.state, bar.lane) for bar in line.bars] == [("FAILED", "w-9"), ("DONE", "")]
    assert line.bars[0].title == title


def test_an_attempt_that_failed_ended_where_the_next_is_waited_for(task: Task) -> None:
    run = make_run(task, RunState.PENDING, enqueued_at=at(0), started_at=at(5), attempt=1, run_at=at(7200))
    Transition.objects.create(run=run, event="retry", from_state="RUNNING", to_state="PENDING", at=at(9), attempt=1)
    assert seconds(lines(run)[str(run.pk)])[1] == [(5, 9)]


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.DONE, RunState.ABORTED])
def test_the_last_attempt_is_shown_as_the_run_ended(task: Task, state: RunState) -> None:
    run = ran(task, 5, 9, state)
    assert [bar.state for bar in lines(run)[str(run.pk)].bars] == [state.value]


def test_a_running_run_has_no_end_yet(task: Task) -> None:
    run = make_run(task, RunState.RUNNING, started_at=at(5))
    (bar,) = lines(run)[str(run.pk)].bars
    assert bar.end is None


def test_the_critical_path_is_what_decided_the_end(task: Task, graph: uuid.UUID) -> None:
    quick, slow = ran(task, 1, 10, graph=graph), ran(task, 1, 30, graph=graph)
    last, side = ran(task, 31, 40, graph=graph), ran(task, 31, 35, graph=graph)
    for source, target in ((quick, last), (slow, last), (slow, side)):
        link(source, target, met=True)
    found = lines(last)
    assert [found[str(run.pk)].is_critical for run in (quick, slow, last, side)] == [False, True, True, False]


def test_rows_stand_in_the_order_in_which_they_began(task: Task, graph: uuid.UUID) -> None:
    late, early = ran(task, 50, 60, graph=graph, enqueued_at=at(40)), ran(task, 1, 2, graph=graph)
    never = make_run(task, RunState.PREPARE, graph=graph)
    assert list(lines(late)) == [str(early.pk), str(late.pk), str(never.pk)]

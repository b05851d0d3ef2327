"""``make``: a generator of runs that have ended."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from django.db import router

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.making.maker import Maker, Submit
from django_tasks_fsm.models import TaskRun


def make(*runs: Any, fail_fast: bool = False, queue: Submit | None = None) -> Generator[TaskRun, None, None]:
    """Yield each of ``runs``, or results of them, as it ends; execute here what has not begun, prerequisites first.

    A run that a worker executes is waited for; one whose prerequisite has failed becomes FAILED, one whose prerequisite
    is CANCELLED becomes CANCELLED. With ``fail_fast`` nothing comes after the first that is not DONE. ``queue`` is
    called with functions that execute one run each, in any thread: those that do not wait for each other run at once.

    Raise IllegalTransition for a run in PREPARE, CycleFound, and FunctionNotRegistered for what only other processes
    can execute.
    """
    rows = list({row.pk: row for row in map(_row, runs)}.values())
    if not rows:
        return
    using = rows[0]._state.db or router.db_for_write(TaskRun)
    maker = Maker([row.pk for row in rows], using, queue)
    ended = {row.pk: row for row in rows}
    try:
        for run_id in maker.made():
            run = ended[run_id]
            run.refresh_from_db()
            yield run
            if fail_fast and run.state != RunState.DONE:
                return
    finally:
        maker.close()


def make_now(*runs: Any, fail_fast: bool = False, queue: Submit | None = None) -> list[TaskRun]:
    """Return the list of what ``make`` yields."""
    return list(make(*runs, fail_fast=fail_fast, queue=queue))


def _row(run: Any) -> TaskRun:
    row: TaskRun = run if isinstance(run, TaskRun) else run.run
    return row

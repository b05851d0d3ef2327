"""Have runs made while the caller goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from django.db import connections, router, transaction

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import IllegalTransition
from django_tasks_fsm.making.dispatching import hurry
from django_tasks_fsm.making.generator import make_now
from django_tasks_fsm.making.maker import ACTOR
from django_tasks_fsm.making.plan import Plan
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.transitions import batches

Made = list[TaskRun]


def make_later(later: Any, *runs: Any, fail_fast: bool = False) -> Future[Made] | None:
    """Have ``runs`` made by ``later``, which has ``defer(fn, *args)`` or ``submit(fn, *args)``; return their Future.

    A thread of its own waits for them, from the commit of an open transaction on, and gives each run that may begin to
    ``later``; the Future holds instances of its own. With None for ``later`` the workers do it: the runs and all that
    they wait for become due now, and None is returned; wait for them with ``run.wait()``.
    """
    rows: Made = [run if isinstance(run, TaskRun) else run.run for run in runs]
    using = rows[0]._state.db or router.db_for_write(TaskRun) if rows else router.db_for_write(TaskRun)
    if later is None:
        _leave_to_workers(rows, using)
        return None
    future: Future[Made] = Future()
    work = partial(_make, future, [row.pk for row in rows], using, fail_fast, _door(later))
    transaction.on_commit(lambda: threading.Thread(target=work, name="tasks-fsm-make", daemon=True).start(), using)
    return future


def _door(later: Any) -> Callable[..., Any]:
    door = getattr(later, "defer", None) or getattr(later, "submit", None)
    if door is None:
        raise TypeError(f"make_later takes something with defer() or submit(), such as an executor, not {later!r}.")
    found: Callable[..., Any] = door
    return found


def _make(future: Future[Made], ids: list[Any], using: str, fail_fast: bool, door: Callable[..., Any]) -> None:
    try:
        # Read again: the caller's instances stay in the caller's thread.
        found = {row.pk: row for some in batches(ids) for row in TaskRun.objects.using(using).filter(pk__in=some)}
        rows = [found[each] for each in ids]
        future.set_result(make_now(*rows, fail_fast=fail_fast, queue=door))
    except BaseException as error:  # whoever asks the future gets it
        future.set_exception(error)
    finally:
        connections.close_all()


def _leave_to_workers(rows: Made, using: str) -> None:
    plan = Plan(using)
    plan.add(row.pk for row in rows)
    for row in rows:
        if plan.nodes[row.pk].state is RunState.PREPARE:
            raise IllegalTransition("make", RunState.PREPARE, (), "A run that is being prepared cannot be made.")
    plan.sort(row.pk for row in rows)
    due = [each for each in plan.position if plan.nodes[each].state is RunState.PENDING]
    hurry([each for each in due if not plan.nodes[each].is_due], using, ACTOR, "asked for")

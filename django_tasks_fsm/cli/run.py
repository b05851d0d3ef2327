"""``tasks_fsm run``: make a run of a task, with its own arguments or others, and wait for it where that is wanted."""

from __future__ import annotations

import inspect
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext

from django_tasks_fsm import conf, registry
from django_tasks_fsm.cli.arguments import json_list, json_object, seconds
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import WRONG, add_common, database, refused, task_named
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import Row, cell, show
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import FunctionNotRegistered, UnstorablePayload, WaitTimeout
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.waiting import wait_until_final
from django_tasks_fsm.redaction import masked

HELP = "make a run of a task"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("task", help="the name of a task")
    # Django takes "args" out of the options of every command.
    add = parser.add_argument
    add("--args", dest="arguments", type=json_list, metavar="JSON", help="a list, in place of its stored arguments")
    add("--kwargs", dest="keywords", type=json_object, metavar="JSON", help="an object, in place of its stored ones")
    parser.add_argument("--wait", type=seconds, metavar="SECONDS", help="wait for its end, and print its result")
    company = parser.add_mutually_exclusive_group()
    company.add_argument("--alone", action="store_true", help="without runs of what it waits for, or depends on it")
    company.add_argument("--dependents", action="store_true", help="with runs of what depends on it")
    company.add_argument("--collapse", action="store_true", help="or take the one that waits, as trigger() does")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Make the run; return 1 where it was waited for and has not ended as DONE in time."""
    using = database(options)
    task = _with_arguments(task_named(options["task"], using), options)
    run = _made(task, options)
    waited = options["wait"] is not None
    in_time = not waited or _wait(run, options["wait"])
    found = {
        "database": using,
        "run": str(run.pk),
        "task": task.name,
        "queue": run.queue,
        "state": run.state,
        "graph": None if run.graph is None else str(run.graph),
        "in_time": in_time if waited else None,
        "result": masked(run.result, task.function) if waited and run.state == RunState.DONE else None,
        "error": run.error,
    }
    show(found, _lines, options, write)
    return 0 if not waited or run.state == RunState.DONE else WRONG


def _made(task: Task, options: dict[str, Any]) -> TaskRun:
    asked: dict[str, Any] = {"actor": operator(), "reason": options["reason"][:500]}
    if options["collapse"]:
        return task.trigger_now(**asked)
    dependents = False if options["alone"] else options["dependents"] or None
    return task.start(**asked, upstream=not options["alone"], dependents=dependents)


def _with_arguments(task: Task, options: dict[str, Any]) -> Task:
    """Put the arguments that were given into this instance of the row, which is not saved."""
    given = {"args": options["arguments"], "kwargs": options["keywords"]}
    for name, value in given.items():
        if value is not None:
            try:
                setattr(task, name, checked(value, name, conf.options().max_payload_bytes))
            except UnstorablePayload as error:
                raise refused(f"--{name}: {error}") from None
    if any(value is not None for value in given.values()):
        _refuse_misfits(task)
    return task


def _refuse_misfits(task: Task) -> None:
    try:
        declared = registry.find(task.function)
        context = (None,) if declared.takes_context else ()
        inspect.signature(declared.func).bind(*context, *task.args, **task.kwargs)
    except FunctionNotRegistered:
        return  # a worker of another deploy may know it
    except TypeError as error:
        raise refused(f"{task.function} does not take these arguments: {error}.") from None


def _wait(run: TaskRun, patience: float) -> bool:
    try:
        wait_until_final(run, patience)
    except WaitTimeout:
        return False
    return True


def _lines(found: Row) -> Iterator[str]:
    yield one_line("{run} {state} {task} ({queue})".format(**found))
    if found["in_time"] is False:
        yield gettext("It has not ended in time; it goes on.")
    if found["in_time"] and found["state"] == RunState.DONE:
        yield cell(found["result"], most=10_000)
    if found["error"]:
        yield one_line(found["error"])

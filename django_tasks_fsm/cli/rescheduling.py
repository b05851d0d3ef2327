"""``tasks_fsm reschedule``: give a task another schedule, or another next time only."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext

from django_tasks_fsm.cli.arguments import interval, moment
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.listing import task_as_dict
from django_tasks_fsm.cli.naming import WRONG, add_common, database, refused, task_named
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import Row, cell, show
from django_tasks_fsm.cli.verbs import as_dict
from django_tasks_fsm.cli.verbs import lines as numbers
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.querysets import Report

HELP = "give a task another schedule, or another next time"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("task", metavar="NAME", help="the name of a task")
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--cron", metavar="EXPR", help="fire by this cron expression, in quotes")
    when.add_argument("--every", type=interval, metavar="SECONDS", help="fire each so many seconds")
    when.add_argument("--at", type=moment, metavar="TIME", help="fire once, at this time")
    when.add_argument("--run-at", type=moment, metavar="TIME", help="keep the schedule, which goes on from this time")
    parser.add_argument("--tz", default="", metavar="ZONE", help="the clock of --cron (default UTC)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Do it and say when the task fires next; return 1 where it can be rescheduled no more, or is paused."""
    using = database(options)
    if options["tz"] and options["cron"] is None:
        raise refused("--tz is for --cron: other schedules have no clock.")
    task = task_named(options["task"], using)
    report = _done(task, options, using)
    task.refresh_from_db(using=using)
    row = task_as_dict(task)
    found = {"database": using, "verb": "reschedule", **{name: row[name] for name in SHOWN}, **as_dict(report)}
    show(found, lines, options, write)
    return 0 if report.moved else WRONG


SHOWN = ("name", "state", "schedule", "next_run_at")


def _done(task: Task, options: dict[str, Any], using: str) -> Report:
    rows: Any = Task.objects.using(using).filter(pk=task.pk)
    asked: dict[str, Any] = {"actor": operator(), "reason": options["reason"][:500]}
    if options["run_at"] is not None:
        report: Report = rows.run_at(options["run_at"], **asked)
        return report
    zone = {"timezone": options["tz"]} if options["tz"] else {}
    said = {way: options[way] for way in ("cron", "every", "at") if options[way] is not None}
    try:
        report = rows.reschedule(**said, **zone, **asked)
    except InvalidTrigger as error:
        raise refused(one_line(str(error))) from None
    return report


def lines(found: Row) -> Iterator[str]:
    """Give the numbers, and below them what holds now."""
    yield from numbers(found)
    values = {name: cell(found[name], most=1_000) for name in SHOWN}
    yield gettext("%(name)s (%(state)s): %(schedule)s; next: %(next_run_at)s") % values

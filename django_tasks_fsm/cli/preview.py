"""``tasks_fsm preview``: say when an expression, or a task, fires next. It reads, and changes nothing."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.db import DatabaseError, connections, router
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from django_tasks_fsm.cli.arguments import positive_int
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers.expression import seed_for
from django_tasks_fsm.core.triggers.zone import find_zone
from django_tasks_fsm.exceptions import InvalidTrigger

if TYPE_CHECKING:
    from django_tasks_fsm.models import Task

UNUSABLE = 2
"""The exit code for what never fires, cannot be read, or is not there."""

MOST = 10_000


@dataclass(frozen=True)
class Asked:
    """What is previewed: its trigger, the stored next time of a task, and the zone that its times are shown in."""

    trigger: triggers.Trigger
    zone: str
    first: datetime | None = None
    state: str = ""


def count(text: str) -> int:
    """Return how many times to show."""
    number = positive_int(text)
    if number > MOST:
        raise ArgumentTypeError(f"{number} times are too many: {MOST} at most.")
    return number


def moment(text: str) -> datetime:
    """Return the instant of an ISO 8601 text; one without an offset is in the current time zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no date and time. Write it as 2031-05-20T12:00:00Z.")
    return found if found.tzinfo else timezone.make_aware(found)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    add = parser.add_argument
    add("what", metavar="EXPR|TASK", help="a cron expression in quotes, or the name of a task")
    add(
        "--tz", default="", metavar="ZONE", help="the clock of an expression (default UTC); of a task: to show times in"
    )
    add("--from", type=moment, dest="start", metavar="TIME", help="look from this time on (default: now)")
    add("--count", type=count, default=5, metavar="N", help="how many times (default 5)")
    add("--json", action="store_true", help="print one JSON object, with the times in UTC")
    add("--database", default="", metavar="ALIAS", help="where the task is (default: where the router reads tasks)")


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> None:
    """Write the next times; raise CommandError, with exit code 2, where there are none."""
    try:
        asked = find(options["what"], options["tz"], _alias(options["database"]))
        slots = times(asked, options["start"], options["count"])
    except InvalidTrigger as error:
        raise CommandError(str(error), returncode=UNUSABLE) from error
    if not slots:
        text = f"{options['what']!r} never fires: {asked.trigger.describe()}."
        raise CommandError(one_line(text), returncode=UNUSABLE)
    found = [triggers.shown(asked.trigger, slot, asked.zone) for slot in slots]
    write(json.dumps(as_dict(asked, found)) if options["json"] else "\n".join(lines(asked, found)))


def _alias(asked: str) -> str:
    if asked and asked not in connections:
        raise CommandError(f"There is no database {asked!r}.", returncode=UNUSABLE)
    return asked


def find(what: str, zone: str, using: str = "") -> Asked:
    """Return what is meant: an expression if it can be one, else the task of this name in the database ``using``.

    Raise InvalidTrigger for what cannot be read, CommandError for a name that no task has.
    """
    if zone:
        find_zone(zone)
    try:
        trigger = triggers.cron(what, zone or "UTC", seed=seed_for(what, what))
    except InvalidTrigger:
        task = _task(what, using)
        if task is None and not _looks_like_an_expression(what):
            text = f"There is no task {what!r}, and it is no cron expression, which has five or six fields."
            raise CommandError(text, returncode=UNUSABLE) from None
        if task is None:
            raise
        first = task.next_run_at if task.state == TaskState.ACTIVE else None
        return Asked(task.fires, zone or task.fires.zone, first, task.state)
    return Asked(trigger, zone or trigger.zone)


def _looks_like_an_expression(what: str) -> bool:
    return what.startswith("@") or "*" in what or len(what.split()) in (5, 6, 7)


def _task(name: str, using: str) -> Task | None:
    from django_tasks_fsm.models import Task

    try:
        return Task.objects.using(using or router.db_for_read(Task)).filter(name=name).first()
    except DatabaseError:  # an expression can be judged without a database
        return None


def times(asked: Asked, start: datetime | None, count: int) -> list[datetime]:
    """Return the next times from ``start`` on; from now on the first one is that of the row, if it has one."""
    from django_tasks_fsm.models.moments import instant

    if start is not None or asked.first is None:
        return triggers.preview(asked.trigger, start or instant(timezone.now()), count)
    first = instant(asked.first)
    following = triggers.preview(asked.trigger, first, count)
    return [first, *(slot for slot in following if slot > first)][:count]


def as_dict(asked: Asked, found: list[triggers.Shown]) -> dict[str, Any]:
    """Return what ``--json`` prints: the times in UTC, and beside them their marks."""
    return {
        "schedule": asked.trigger.describe(),
        "timezone": asked.zone,
        **({"state": asked.state} if asked.state else {}),
        "times": [each.instant.isoformat() for each in found],
        "marks": [each.mark for each in found],
    }


def lines(asked: Asked, found: list[triggers.Shown]) -> Iterator[str]:
    """Return the times as people read them: on the clocks of the zone, and in UTC."""
    yield one_line(f"{asked.trigger.describe()}{f' ({asked.state})' if asked.state else ''}")
    for each in found:
        mark = words(each.mark)
        utc = each.instant.strftime("%Y-%m-%d %H:%M:%S UTC")
        yield f"  {each.local:%a %Y-%m-%d %H:%M:%S %Z}  {utc}{f'  {mark}' if mark else ''}"


def words(mark: str) -> str:
    """Return what a mark means."""
    return {
        "moved": gettext("its own time is left out: the clocks are set forward"),
        "first": gettext("the first of two such times: the clocks are set back"),
        "second": gettext("the second of two such times: the clocks are set back"),
    }.get(mark, "")

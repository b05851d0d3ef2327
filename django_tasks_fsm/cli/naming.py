"""From what was typed to the row that is meant, or a sentence that names the culprit and what comes nearest."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.core.management.base import CommandError
from django.db import connections, router
from django.db.models import Q, QuerySet

from django_tasks_fsm.cli.arguments import cut
from django_tasks_fsm.models import Queue, Task, TaskRun, Worker

WRONG = 1
"""The exit code for something that is wrong, or that has not moved."""
REFUSED = 2
"""The exit code for an argument that cannot be used."""
LONGEST = 200
"""Letters of a name that are compared: the time that it takes grows with their square."""
MOST_NAMES = 5_000
"""Names among which the nearest is looked for."""


def add_common(parser: ArgumentParser) -> None:
    """Declare the flags that every room has."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--database", default="", metavar="ALIAS", help="default: where the router sends the runs")


def refused(sentence: str) -> CommandError:
    """Return the error for an argument that cannot be used."""
    return CommandError(sentence, returncode=REFUSED)


def unknown(what: str, name: str, known: Iterable[str]) -> CommandError:
    """Return the error for a name that nobody bears, with the nearest that somebody does."""
    names = list(known)
    near = get_close_matches(name[:LONGEST], names, n=1, cutoff=0.5)
    near = near or [one for one in names if one.lower() == name.lower()]
    return refused(f"There is no {what} {cut(name)}." + (f" Did you mean {near[0]!r}?" if near else ""))


def database(options: dict[str, Any]) -> str:
    """Return the alias that was asked for, or the router's; raise CommandError for one that is not configured."""
    using: str = options["database"] or router.db_for_write(TaskRun)
    if using not in connections:
        raise unknown("database", using, connections)
    return using


def as_id(text: str) -> uuid.UUID | None:
    """Return the id that a text is, or None."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def task_named(name: str, using: str) -> Task:
    """Return the task; raise CommandError where there is none of this name."""
    task: Task | None = Task.objects.using(using).filter(name=name).first()
    if task is None:
        raise unknown("task", name, task_names(using))
    return task


def task_names(using: str) -> list[str]:
    """Return the names of tasks, bounded."""
    return list(Task.objects.using(using).order_by("name").values_list("name", flat=True)[:MOST_NAMES])


def queue_named(name: str, using: str) -> Queue:
    """Return the queue; raise CommandError where there is none of this name."""
    queue: Queue | None = Queue.objects.using(using).filter(name=name).first()
    if queue is None:
        raise unknown("queue", name, queue_names(using))
    return queue


def queue_names(using: str) -> list[str]:
    """Return the names of queues, bounded."""
    return list(Queue.objects.using(using).order_by("name").values_list("name", flat=True)[:MOST_NAMES])


def workers_named(name: str, using: str) -> QuerySet[Worker]:
    """Return the workers of this name or id that have not stopped, or those of the supervisor of this name.

    Raise CommandError where there is none.
    """
    rows = Worker.objects.using(using).filter(stopped_at=None)
    worker_id = as_id(name)
    named = Q(name=name) if worker_id is None else Q(pk=worker_id)
    for choice in (named, Q(name__startswith=f"{name}/")):
        if rows.filter(choice).exists():
            return rows.filter(choice).order_by("pk")
    raise unknown("worker", name, rows.order_by("name").values_list("name", flat=True)[:MOST_NAMES])


def one_of(what: str, name: str, known: Iterable[str]) -> str:
    """Return ``name`` as ``known`` writes it; raise CommandError where it is none of them."""
    names = {one.lower(): one for one in known}
    if name.lower() not in names:
        raise unknown(what, name, names.values())
    return names[name.lower()]

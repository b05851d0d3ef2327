"""``tasks_fsm explain``: say why a run does not start, or a task does not fire."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError
from django.utils.translation import gettext

from django_tasks_fsm.cli.naming import add_common, as_id, database

if TYPE_CHECKING:
    from django_tasks_fsm.store.gates.record import Explanation, Gate

UNKNOWN = 2
"""The exit code for what cannot be found; 1 says that something holds it up."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("what", metavar="RUN_OR_TASK", help="the id of a run, or the name of a task")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write the explanation and return the exit code: 0 where it could run now, 1 where something holds it up."""
    found = find(options["what"], database(options))
    write(json.dumps(found.as_dict()) if options["json"] else "\n".join(lines(found)))
    return 0 if found.could_run else 1


def find(what: str, using: str) -> Explanation:
    """Explain the run with this id, else the task of this name; raise CommandError where there is neither."""
    from django_tasks_fsm.models import Task, TaskRun

    run_id = as_id(what)
    runs, tasks = TaskRun.objects.using(using), Task.objects.using(using)
    row = (runs.filter(pk=run_id).first() if run_id else None) or tasks.filter(name=what).first()
    if row is None:
        raise CommandError(f"There is no run and no task {what!r}.", returncode=UNKNOWN)
    return row.explain()


def lines(found: Explanation) -> Iterator[str]:
    """Return the explanation as people read it, each gate with what holds it up and the way out."""
    verdict = gettext("It could run now.") if found.could_run else gettext("It cannot run now.")
    yield one_line(f"{found.name} {found.id} {found.state}" if found.kind == "run" else f"{found.name} {found.state}")
    yield verdict
    for gate in found.gates:
        yield one_line(f"  {_mark(gate)} {gate.name:<13} {gate.fact}{f' ({gate.detail})' if gate.detail else ''}")
        if str(gate.way_out) and (gate.note or not gate.ok):
            yield one_line(f"  {'':<4} {'':<13} -> {gate.way_out}")


def _mark(gate: Gate) -> str:
    if not gate.ok:
        return "[no]"
    return "[..]" if gate.note else "[ok]"


def one_line(text: str) -> str:
    """Return text whose control characters are spelt out: names and reasons must not forge lines or colours."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()

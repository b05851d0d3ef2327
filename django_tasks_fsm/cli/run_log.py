"""``tasks_fsm logs``: what a run has logged, and with --follow what it goes on to log until it has ended."""

from __future__ import annotations

import json
import logging
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from django_tasks_fsm.cli.arguments import interval, positive_int
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import add_common, as_id, database, one_of, unknown
from django_tasks_fsm.cli.printing import Row, show, utc
from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.models import RunLog, TaskRun

HELP = "show what a run has logged"
STOPPED = 130
"""The exit code after Ctrl-C, as shells have it."""

_never = threading.Event()


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("run", metavar="RUN", help="the id of a run")
    parser.add_argument("--level", default="DEBUG", metavar="LEVEL", help="leave out what lies below, such as WARNING")
    parser.add_argument("--lines", type=positive_int, default=1000, metavar="N", help="the last N lines (default 1000)")
    parser.add_argument("--follow", action="store_true", help="go on until the run has ended; a JSON object a line")
    parser.add_argument("--every", type=interval, default=1.0, metavar="SECONDS", help="between two looks of --follow")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write the lines."""
    using = database(options)
    run = _run_named(options["run"], using)
    level = LEVELS[one_of("level", options["level"], LEVELS)]
    lines = RunLog.objects.using(using).filter(run_id=run.pk, level__gte=level).order_by("fence", "number")
    newest = list(lines.reverse()[: options["lines"]])[::-1]
    if not options["follow"]:
        found = {"database": using, "run": str(run.pk), "state": run.state, "lines": list(map(_as_dict, newest))}
        show(found, lambda found: _told(found["lines"], as_json=False), options, write)
        return 0
    try:
        _follow(run, lines, newest, options, write)
    except KeyboardInterrupt:
        return STOPPED
    return 0


def _follow(
    run: TaskRun, lines: QuerySet[RunLog], fresh: Sequence[RunLog], options: dict[str, Any], write: Callable[[str], Any]
) -> None:
    seen = 0
    while True:
        if fresh:
            write("\n".join(_told(map(_as_dict, fresh), options["json"])))
            seen = max(line.pk for line in fresh)
        if RunState(run.state) in FINAL:
            return
        _never.wait(options["every"])
        # The state first: what a run has logged is there before its end is.
        run = _run_named(str(run.pk), lines.db)
        fresh = list(lines.filter(pk__gt=seen))


def _told(lines: Iterable[Row], as_json: bool) -> Iterator[str]:
    for line in lines:
        yield from [json.dumps(line, ensure_ascii=False)] if as_json else _text(line)


def _run_named(text: str, using: str) -> TaskRun:
    run_id = as_id(text)
    run = TaskRun.objects.using(using).only("state").filter(pk=run_id).first() if run_id else None
    if run is None:
        raise unknown("run", text, ())
    return run


def _as_dict(line: RunLog) -> dict[str, Any]:
    return {
        "number": line.number,
        "at": utc(line.at),
        "level": logging.getLevelName(line.level),
        "logger": line.logger,
        "attempt": line.attempt,
        "message": line.message,
    }


def _text(line: Row) -> Iterator[str]:
    first, *others = str(line["message"]).splitlines() or [""]
    yield one_line("{at} {level} {logger}: {first}".format(**line, first=first))
    yield from (f"    {one_line(other)}" for other in others)

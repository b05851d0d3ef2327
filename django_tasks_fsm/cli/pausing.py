"""``tasks_fsm pause`` and ``tasks_fsm resume``: a task, a queue or a run."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django_tasks_fsm.cli.arguments import moment
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import WRONG, add_common, as_id, database, queue_names, refused, task_names, unknown
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import show
from django_tasks_fsm.cli.verbs import as_dict, lines
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.queue_verbs import pause_queues, resume_queues

logger = logging.getLogger("django_tasks_fsm.cli")

HELP = {
    "pause": "stop a task from firing, a queue from being served, or ask a running run to rest",
    "resume": "let a paused task, queue or run go on",
}
KINDS = ("run", "task", "queue")


def add_arguments(parser: ArgumentParser, verb: str) -> None:
    """Declare the flags."""
    parser.add_argument("what", metavar="NAME", help="a task's or a queue's name, or the id of a run")
    parser.add_argument("--kind", choices=KINDS, help="needed where a task and a queue have one name")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    if verb == "pause":
        parser.add_argument("--until", type=moment, metavar="TIME", help="queues only: when the pause ends by itself")
    add_common(parser)


def handle(verb: str, options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Do it and say what has moved; return 1 where nothing has."""
    using = database(options)
    kind = _kind(options["what"], options["kind"], using)
    until = options.get("until")
    if until is not None:
        _refuse_until(kind, until, using)
    report = _done(verb, kind, options["what"], until, options["reason"][:500], using)
    found = {"database": using, "verb": verb, "kind": kind, "name": options["what"], **as_dict(report)}
    show(found, lines, options, write)
    return 0 if report.moved or report.asked else WRONG


def _kind(what: str, wanted: str | None, using: str) -> str:
    run_id = as_id(what)
    rows: dict[str, Any] = {
        "run": TaskRun.objects.using(using).filter(pk=run_id) if run_id else None,
        "task": Task.objects.using(using).filter(name=what),
        "queue": Queue.objects.using(using).filter(name=what),
    }
    asked = [wanted] if wanted else list(KINDS)
    found = [kind for kind in asked if rows[kind] is not None and rows[kind].exists()]
    if not found:
        known = [*task_names(using), *queue_names(using)]
        raise unknown(wanted or "run, task or queue", what, known)
    if len(found) > 1:
        raise refused(f"{what!r} is the name of a {' and of a '.join(found)}: say which by --kind.")
    return found[0]


def _refuse_until(kind: str, until: Any, using: str) -> None:
    if kind != "queue":
        raise refused(f"--until is for queues: a {kind} rests until somebody resumes it.")
    if until <= for_alias(using).now():
        raise refused("--until lies in the past.")


def _done(verb: str, kind: str, what: str, until: Any, reason: str, using: str) -> Report:
    actor = operator()
    if kind == "queue":
        return _queue(verb, what, until, actor, reason, using)
    model: Any = Task if kind == "task" else TaskRun
    rows = model.objects.using(using).filter(**({"name": what} if kind == "task" else {"pk": as_id(what)}))
    report: Report = getattr(rows, verb)(actor=actor, reason=reason)
    return report


def _queue(verb: str, name: str, until: Any, actor: Actor, reason: str, using: str) -> Report:
    if verb == "pause":
        report = pause_queues([name], using, actor=actor, reason=reason, until=until)
    else:
        report = resume_queues([name], using)
    if report.moved:
        # A queue has no history, and resuming it empties the columns that say who paused it.
        logger.info("Queue %s: %s by %s: %s", name, verb, actor.name, one_line(reason))
    return report

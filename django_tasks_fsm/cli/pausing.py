"""``tasks_fsm pause`` and ``tasks_fsm resume``: a task or a group of them, a queue, a run or a worker."""

from __future__ import annotations

import logging
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django_tasks_fsm.cli.arguments import moment
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.naming import (
    WRONG,
    add_common,
    as_id,
    database,
    queue_names,
    refused,
    task_names,
    unknown,
    workers_named,
)
from django_tasks_fsm.cli.operating import operator
from django_tasks_fsm.cli.printing import show
from django_tasks_fsm.cli.verbs import as_dict, lines
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import UnknownGroup
from django_tasks_fsm.models import Queue, Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.querysets import Report
from django_tasks_fsm.models.queue_verbs import pause_queues, resume_queues
from django_tasks_fsm.models.worker_verbs import pause_workers, resume_workers

logger = logging.getLogger("django_tasks_fsm.cli")

HELP = {
    "pause": "stop a task or a group of tasks from firing, a queue from being served, a worker, or a running run",
    "resume": "let a paused task, group of tasks, queue, run or worker go on",
}
KINDS = ("run", "task", "queue")


def add_arguments(parser: ArgumentParser, verb: str) -> None:
    """Declare the flags."""
    parser.add_argument("what", nargs="?", metavar="NAME", help="a task's or a queue's name, or the id of a run")
    parser.add_argument("--group", default="", metavar="GROUP", help="instead of a name: all tasks of this group")
    parser.add_argument("--worker", default="", metavar="NAME", help="instead of a name: this worker, by name or id")
    parser.add_argument("--kind", choices=KINDS, help="needed where a task and a queue have one name")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the history")
    if verb == "pause":
        parser.add_argument(
            "--until", type=moment, metavar="TIME", help="when the pause of a task or queue ends by itself"
        )
    else:
        parser.add_argument("--catch-up", action="store_true", help="tasks only: make up for the times of the pause")
    add_common(parser)


def handle(verb: str, options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Do it and say what has moved; return 1 where nothing has."""
    using = database(options)
    named = [kind for kind in ("group", "worker", "what") if options[kind]]
    if len(named) != 1:
        raise refused("Name a task, queue or run, or say which tasks by --group, or a --worker: one of them.")
    kind, name = named[0], options[named[0]]
    if kind == "what":
        kind = _kind(name, options["kind"], using)
    more = _more(kind, options, using)
    report = _done(verb, kind, name, more, options["reason"][:500], using)
    found = {"database": using, "verb": verb, "kind": kind, "name": name, **as_dict(report)}
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


def _more(kind: str, options: dict[str, Any], using: str) -> dict[str, Any]:
    """Return what else was said to the verb; raise CommandError for what does not go with the kind."""
    until, catches_up = options.get("until"), options.get("catch_up")
    if until is not None and kind in ("run", "worker"):
        raise refused(f"--until is for tasks and queues: a {kind} rests until somebody resumes it.")
    if until is not None and until <= for_alias(using).now():
        raise refused("--until lies in the past.")
    if catches_up and kind not in ("task", "group"):
        raise refused(f"--catch-up is for tasks: a {kind} has no times to make up for.")
    return {**({"until": until} if until else {}), **({"catch_up": True} if catches_up else {})}


def _done(verb: str, kind: str, what: str, more: dict[str, Any], reason: str, using: str) -> Report:
    actor = operator()
    if kind == "queue":
        return _queue(verb, what, more.get("until"), actor, reason, using)
    if kind == "worker":
        return _worker(verb, what, actor, reason, using)
    report: Report = getattr(_rows(kind, what, using), verb)(actor=actor, reason=reason, **more)
    return report


def _rows(kind: str, what: str, using: str) -> Any:
    if kind == "run":
        run_id: Any = as_id(what)
        return TaskRun.objects.using(using).filter(pk=run_id)
    tasks = Task.objects.using(using)
    try:
        return tasks.filter(name=what) if kind == "task" else tasks.group(what)
    except UnknownGroup as error:
        raise refused(str(error)) from None


def _worker(verb: str, name: str, actor: Actor, reason: str, using: str) -> Report:
    ids = workers_named(name, using).values_list("pk", flat=True)
    report = pause_workers(ids, using, actor=actor, reason=reason) if verb == "pause" else resume_workers(ids, using)
    if report.moved:
        logger.info("Worker %s: %s by %s: %s", name, verb, actor.name, one_line(reason))
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

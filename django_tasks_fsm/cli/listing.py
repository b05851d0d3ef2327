"""``tasks_fsm list``: runs, tasks, queues or workers, along an index each and never all of them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext

from django_tasks_fsm import registry
from django_tasks_fsm.cli.arguments import moment, positive_int
from django_tasks_fsm.cli.naming import add_common, database, one_of, queue_named, refused, task_named
from django_tasks_fsm.cli.printing import Row, show, table, utc
from django_tasks_fsm.cli.status import HAND_COLUMNS, LANE_COLUMNS, hand_as_dict, lane_as_dict
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.hands import Hand
from django_tasks_fsm.store.runs import listed
from django_tasks_fsm.store.status import BLOCKED, IN_LINE, gone, status

HELP = "list runs, tasks, queues or workers"
MOST = 10_000
"""Rows at most, whatever --limit says."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be listed: by which states and further filters, and in which columns."""

    states: tuple[str, ...]
    filters: frozenset[str]
    columns: tuple[str, ...]


KINDS = {
    "runs": Kind(
        (*(state.value for state in RunState), BLOCKED, IN_LINE),
        frozenset({"task", "queue", "since"}),
        ("id", "state", "task", "queue", "attempt", "run_at", "worker", "error"),
    ),
    "tasks": Kind(
        tuple(state.value for state in TaskState),
        frozenset({"task", "queue"}),
        ("name", "state", "queue", "schedule", "next_run_at", "registered"),
    ),
    "queues": Kind(("OPEN", "PAUSED"), frozenset({"queue"}), LANE_COLUMNS),
    "workers": Kind(("LIVE", "LOST", "PAUSED", "SATURATED", "STOPPED"), frozenset(), HAND_COLUMNS),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("kind", nargs="?", default="runs", metavar="KIND", help=f"{', '.join(KINDS)}; default runs")
    parser.add_argument("--state", default="", help="only those in this state")
    parser.add_argument("--task", default="", metavar="NAME", help="only those of this task")
    parser.add_argument("--queue", default="", metavar="NAME", help="only those of this queue")
    parser.add_argument("--since", type=moment, metavar="TIME", help="only what was enqueued, or has ended, since then")
    parser.add_argument("--limit", type=positive_int, default=50, metavar="N", help="rows at most (default 50)")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write the rows."""
    using = database(options)
    name = one_of("list of", options["kind"], KINDS)
    kind = KINDS[name]
    for other in ("task", "queue", "since"):
        if options[other] and other not in kind.filters:
            raise refused(f"--{other} does not apply to {name}.")
    state = one_of(f"state of {name}", options["state"], kind.states) if options["state"] else ""
    limit = min(options["limit"], MOST)
    rows, more = ROWS[name](state, {**options, "limit": limit}, using)
    found = {"database": using, "kind": name, "rows": rows[:limit], "more": more or len(rows) > limit}
    show(found, lambda found: _lines(found, kind), options, write)
    return 0


def _lines(found: Row, kind: Kind) -> Iterator[str]:
    yield from table(found["rows"], kind.columns) if found["rows"] else (gettext("Nothing is found."),)
    if found["more"]:
        yield gettext("There may be more: narrow it down, or raise --limit.")


def _runs(state: str, options: dict[str, Any], using: str) -> tuple[list[dict[str, Any]], bool]:
    task = task_named(options["task"], using) if options["task"] else None
    queue = queue_named(options["queue"], using).pk if options["queue"] else ""
    since: datetime | None = options["since"]
    rows, is_cut = listed(state, task, queue, since, options["limit"] + 1, using)
    return [run_as_dict(run) for run in rows], is_cut


def run_as_dict(run: TaskRun) -> dict[str, Any]:
    """Return a run as JSON can hold it, without its arguments and its result."""
    return {
        "id": str(run.pk),
        "task": run.task.name,
        "label": run.label,
        "state": run.state,
        "queue": run.queue,
        "priority": run.priority,
        "attempt": run.attempt,
        "waiting_on": run.waiting_on,
        "worker": None if run.worker_id is None else run.worker.name if run.worker else str(run.worker_id),
        "enqueued_at": utc(run.enqueued_at),
        "run_at": utc(run.run_at),
        "started_at": utc(run.started_at),
        "finished_at": utc(run.finished_at),
        "graph": None if run.graph is None else str(run.graph),
        "key": run.key,
        "error": run.error,
    }


def _tasks(state: str, options: dict[str, Any], using: str) -> tuple[list[dict[str, Any]], bool]:
    rows: QuerySet[Task] = Task.objects.using(using).order_by("name")
    if options["task"]:
        rows = rows.filter(pk=task_named(options["task"], using).pk)
    if options["queue"]:
        rows = rows.filter(queue=queue_named(options["queue"], using).pk)
    rows = rows.filter(state=state) if state else rows
    return [task_as_dict(task) for task in rows[: options["limit"] + 1]], False


def task_as_dict(task: Task) -> dict[str, Any]:
    """Return a task as JSON can hold it, without its arguments."""
    return {
        "name": task.name,
        "state": task.state,
        "function": task.function,
        "registered": registry.get(task.function) is not None,
        "queue": task.queue,
        "group": task.group,
        "priority": task.priority,
        "max_attempts": task.max_attempts,
        "schedule": _schedule(task),
        "next_run_at": utc(task.next_run_at),
        "origin": task.origin,
    }


def _schedule(task: Task) -> str:
    try:
        return task.fires.describe()
    except InvalidTrigger as error:
        return f"? {error}"


def _queues(state: str, options: dict[str, Any], using: str) -> tuple[list[dict[str, Any]], bool]:
    now = status(using)
    name = queue_named(options["queue"], using).pk if options["queue"] else ""
    rows = [lane_as_dict(lane, now) for lane in now.lanes if not name or lane.queue.pk == name]
    return [row for row in rows if not state or row["paused"] == (state == "PAUSED")], False


def _workers(state: str, options: dict[str, Any], using: str) -> tuple[list[dict[str, Any]], bool]:
    if state == "STOPPED":
        return [hand_as_dict(hand) for hand in gone(using)], False
    fits: dict[str, Callable[[Hand], bool]] = {
        "": lambda hand: True,
        "LIVE": lambda hand: hand.is_live,
        "LOST": lambda hand: not hand.is_live,
        "PAUSED": lambda hand: hand.state == state,
        "SATURATED": lambda hand: hand.is_saturated,
    }
    return [hand_as_dict(hand) for hand in status(using).hands if fits[state](hand)], False


ROWS: dict[str, Callable[[str, dict[str, Any], str], tuple[list[dict[str, Any]], bool]]] = {
    "runs": _runs, "tasks": _tasks, "queues": _queues, "workers": _workers
}  # fmt: skip

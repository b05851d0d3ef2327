"""``tasks_fsm show``: all that is known of one run or one task."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django_tasks_fsm.cli.arguments import positive_int
from django_tasks_fsm.cli.explain import one_line
from django_tasks_fsm.cli.listing import run_as_dict, task_as_dict
from django_tasks_fsm.cli.naming import add_common, as_id, database, task_names, unknown
from django_tasks_fsm.cli.printing import Row, pairs, seconds, show, table, utc
from django_tasks_fsm.models import RunPrerequisite, Task, TaskPrerequisite, TaskRun, Transition
from django_tasks_fsm.redaction import masked, shown_payload
from django_tasks_fsm.store.runs import PAYLOAD

HELP = "show a run or a task with its edges, transitions, error and log"
MOST = 50
"""Edges, and transitions, of one kind."""
TABLES = {
    "prerequisites": ("id", "task", "state", "condition", "on_failure", "met"),
    "dependents": ("id", "task", "state", "condition", "on_failure", "met"),
    "transitions": ("at", "event", "from", "to", "attempt", "by", "reason"),
    "runs": ("id", "state", "attempt", "run_at", "finished_at", "error"),
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("what", metavar="RUN_OR_TASK", help="the id of a run, or the name of a task")
    parser.add_argument(
        "--payload", action="store_true", help="arguments, result and metadata too, with secrets masked"
    )
    parser.add_argument("--log-lines", type=positive_int, default=50, metavar="N", help="last lines of its log")
    add_common(parser)


def handle(options: dict[str, Any], write: Callable[[str], Any]) -> int:
    """Write what is known."""
    using = database(options)
    found = {"database": using, **_found(options["what"], options["payload"], options["log_lines"], using)}
    show(found, _lines, options, write)
    return 0


def _found(what: str, payload: bool, log_lines: int, using: str) -> dict[str, Any]:
    if run_id := as_id(what):
        runs = TaskRun.objects.using(using).select_related("task", "worker", "detail")
        if run := (runs if payload else runs.defer(*PAYLOAD, "detail__metadata")).filter(pk=run_id).first():
            return _run(run, payload, log_lines, using)
    if task := Task.objects.using(using).filter(name=what).first():
        return _task(task, payload, using)
    raise unknown("run and no task", what, () if run_id else task_names(using))


def _run(run: TaskRun, payload: bool, log_lines: int, using: str) -> dict[str, Any]:
    detail = getattr(run, "detail", None)
    edges = RunPrerequisite.objects.using(using)
    found = {
        "kind": "run",
        **run_as_dict(run),
        "fence": run.fence,
        "scheduled_for": utc(run.scheduled_for),
        "stands_for": run.stands_for,
        "latency": seconds(run.latency),
        "cancel_requested_at": utc(run.cancel_requested_at),
        "pause_requested_at": utc(run.pause_requested_at),
        "progress": run.progress,
        "note": detail.progress_note if detail else "",
        "failure": _failure(run.transitions.using(using)),
        "prerequisites": [_run_edge(e, e.prerequisite) for e in _with(edges.filter(run=run), "prerequisite")],
        "dependents": [_run_edge(e, e.run) for e in _with(edges.filter(prerequisite=run), "run")],
        "transitions": _transitions(run.transitions.using(using)),
        "log": detail.log.splitlines()[-log_lines:] if detail else [],
    }
    if payload:
        metadata, function = detail.metadata if detail else {}, run.task.function
        found["payload"] = shown_payload(run) | {
            "result": masked(run.result, function), "metadata": masked(metadata, function)
        }  # fmt: skip
    return found


def _with(edges: Any, end: str) -> Any:
    columns = [f"{end}__{name}" for name in ("state", "task__name")]
    return (
        edges.select_related(f"{end}__task").only("condition", "on_failure", "met", end, *columns).order_by("pk")[:MOST]
    )


def _run_edge(edge: RunPrerequisite, run: TaskRun) -> dict[str, Any]:
    return {
        "id": str(run.pk),
        "task": run.task.name,
        "state": run.state,
        "condition": edge.condition,
        "on_failure": edge.on_failure,
        "met": edge.met,
    }


def _failure(transitions: Any) -> dict[str, Any] | None:
    row = transitions.filter(detail__isnull=False).order_by("-id").first()
    if row is None or not isinstance(row.detail, dict) or "exception" not in row.detail:
        return None
    return {name: row.detail.get(name) for name in ("exception", "message", "traceback")} | {"attempt": row.attempt}


def _transitions(transitions: Any) -> list[dict[str, Any]]:
    # The detail holds tracebacks; the last one is shown by itself.
    rows: Iterable[Transition] = transitions.defer("detail").order_by("-id")[:MOST]
    return [
        {
            "at": utc(row.at),
            "event": row.event,
            "from": row.from_state,
            "to": row.to_state,
            "attempt": row.attempt,
            "by": row.actor,
            "reason": row.reason,
        }
        for row in reversed(list(rows))
    ]


def _task(task: Task, payload: bool, using: str) -> dict[str, Any]:
    edges = TaskPrerequisite.objects.using(using).order_by("pk")
    runs = TaskRun.objects.using(using).filter(task=task).select_related("task", "worker").defer(*PAYLOAD)
    found = {
        "kind": "task",
        **task_as_dict(task),
        "description": task.description,
        "trigger": task.trigger,
        "max_runs": task.max_runs,
        "fired": task.fired,
        "paused_until": utc(task.paused_until),
        "timeout": task.timeout,
        "min_interval": task.min_interval,
        "throttled": task.throttled,
        "overrides": task.overrides,
        "prerequisites": [
            _task_edge(e, e.prerequisite) for e in edges.filter(task=task).select_related("prerequisite")[:MOST]
        ],
        "dependents": [_task_edge(e, e.task) for e in edges.filter(prerequisite=task).select_related("task")[:MOST]],
        "transitions": _transitions(task.transitions.using(using)),
        "runs": [run_as_dict(run) for run in runs.order_by("-id")[:10]],
    }
    return found | ({"payload": shown_payload(task)} if payload else {})


def _task_edge(edge: TaskPrerequisite, task: Task) -> dict[str, Any]:
    return {
        "id": str(task.pk),
        "task": task.name,
        "state": task.state,
        "condition": edge.condition,
        "on_failure": edge.on_failure,
        "met": None,
    }


def _lines(found: Row) -> Iterator[str]:
    apart = {*TABLES, "failure", "log", "payload"}
    yield from pairs({name: value for name, value in found.items() if name not in apart})
    for name, columns in TABLES.items():
        if found.get(name):
            yield from ("", f"{name}:", *table(found[name], columns))
    if failure := found.get("failure"):
        yield from ("", "failure:", *_several(failure["traceback"] or failure["message"] or ""))
    if log := found.get("log"):
        yield from ("", "log:", *_several("\n".join(log)))
    if "payload" in found:
        yield from ("", "payload:", *pairs(found["payload"]))


def _several(text: str) -> Iterator[str]:
    # Further to the right than what this command says itself.
    yield from (f"  {one_line(line)}" for line in text.splitlines())

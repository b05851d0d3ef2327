"""``tasks_fsm graph``: draw a graph of tasks or runs, a timeline, or a state machine, on standard output."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError

from django_tasks_fsm import conf
from django_tasks_fsm.drawing import Graph, LayoutFailed, draw_gantt, draw_svg, machine_svg, to_dot
from django_tasks_fsm.drawing.edges import PREREQUISITES
from django_tasks_fsm.drawing.errors import DotFailed
from django_tasks_fsm.drawing.machine import EVENTS, MACHINES, machine_graph
from django_tasks_fsm.drawing.rendered import RENDERED, is_installed, render
from django_tasks_fsm.pictures.around import ALL, STEPS

if TYPE_CHECKING:
    from django_tasks_fsm.models import TaskRun
    from django_tasks_fsm.pictures.runs import Runs

FORMATS = ("svg", "dot", *RENDERED)
NOT_POSSIBLE = 2
"""The exit code for what this machine cannot draw, or nobody can."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "what", nargs="?", metavar="TASK|RUN|GRAPH", help="a task's name, the id of a run or of a graph"
    )
    parser.add_argument("--machine", choices=list(MACHINES), help="draw the states of runs or of tasks instead")
    parser.add_argument("--format", choices=FORMATS, default="svg", help="default svg; png and pdf need Graphviz")
    parser.add_argument("--steps", choices=STEPS, default=ALL, help="how many links to go from the row; default all")
    parser.add_argument("--timeline", action="store_true", help="draw when the runs waited and ran")
    parser.add_argument("--by-worker", action="store_true", help="give the timeline a lane for each worker")


def handle(options: dict[str, Any], out: Any, tell: Callable[[str], Any]) -> None:
    """Write the picture to a stream of Django's; what is not in it is said by ``tell``."""
    kind = options["format"]
    _refuse_what_cannot_be(options, kind)
    try:
        picture = _drawn(options, kind, tell)
    except (DotFailed, LayoutFailed) as error:
        raise CommandError(str(error), returncode=NOT_POSSIBLE) from error
    _write(picture, out)


def _write(picture: bytes, out: Any) -> None:
    # Whoever calls the command from code may give a stream of characters that has no bytes underneath.
    if hasattr(out, "buffer"):
        out.flush()
        out.buffer.write(picture)
        out.buffer.flush()
    else:
        out.write(picture.decode("utf-8", "replace"), ending="")


def _refuse_what_cannot_be(options: dict[str, Any], kind: str) -> None:
    if (options["what"] is None) == (options["machine"] is None):
        raise CommandError("Name a task, a run or a graph, or ask for a --machine: one of both.")
    if options["timeline"] and (kind != "svg" or options["machine"]):
        raise CommandError("A timeline is drawn of runs, and as SVG only.", returncode=NOT_POSSIBLE)
    if kind in RENDERED and not is_installed():
        raise CommandError(
            f"{kind.upper()} needs Graphviz: its program 'dot' is not on the path. Take --format svg.",
            returncode=NOT_POSSIBLE,
        )


def _drawn(options: dict[str, Any], kind: str, tell: Callable[[str], Any]) -> bytes:
    if options["machine"] is not None:
        return _machine(options["machine"], kind)
    runs, current = _runs(options["what"], options["steps"])
    if runs is None:
        return _of_task(options, kind, tell)
    _tell_of_rest(runs.left_out, tell)
    if options["timeline"]:
        from django_tasks_fsm.pictures.timeline import timeline_of

        return draw_gantt(timeline_of(runs, current), by_lane=options["by_worker"], standalone=True).encode()
    from django_tasks_fsm.pictures.run_graph import graph_of

    return _as(graph_of(runs, current), kind)


def _machine(name: Any, kind: str) -> bytes:
    if kind == "svg":
        return machine_svg(name, standalone=True).encode()
    graph = machine_graph(name)
    return str(to_dot(graph, EVENTS).source).encode() if kind == "dot" else render(graph, kind, EVENTS)  # type: ignore[arg-type]


def _as(graph: Graph, kind: str) -> bytes:
    if kind == "svg":
        return draw_svg(graph, conf.options().graph_engine, standalone=True).encode()  # type: ignore[arg-type]
    if kind == "dot":
        return str(to_dot(graph).source).encode()
    return render(graph, kind, PREREQUISITES)  # type: ignore[arg-type]


def _runs(what: str, steps: str) -> tuple[Runs | None, uuid.UUID | None]:
    """Return the runs that a run's or a graph's id means; None where it is neither."""
    from django_tasks_fsm.models import TaskRun
    from django_tasks_fsm.pictures.runs import runs_around, runs_of

    try:
        key = uuid.UUID(what)
    except ValueError:
        return None, None
    run: TaskRun | None = TaskRun.objects.select_related("task", "worker").filter(pk=key).first()
    if run is not None:
        return runs_around(run, steps), run.pk
    found = runs_of(key)
    return (found, None) if found.runs else (None, None)


def _of_task(options: dict[str, Any], kind: str, tell: Callable[[str], Any]) -> bytes:
    from django_tasks_fsm.models import Task
    from django_tasks_fsm.pictures.task_graph import graph_of, tasks_around

    task = Task.objects.filter(name=options["what"]).first()
    if task is None:
        raise CommandError(f"There is no task, run or graph {options['what']!r}.")
    if options["timeline"]:
        raise CommandError("A timeline is drawn of runs: name a run or a graph.", returncode=NOT_POSSIBLE)
    shown = tasks_around(task, options["steps"])
    _tell_of_rest(shown.left_out, tell)
    return _as(graph_of(shown, task.pk), kind)


def _tell_of_rest(left_out: int, tell: Callable[[str], Any]) -> None:
    if left_out:
        tell(f"{left_out} more are not shown.")

"""Draw the two state machines from their tables, so that docs and admin show what the code allows and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from django.utils.translation import gettext

from django_tasks_fsm.core.machine import RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.drawing.edges import Wording
from django_tasks_fsm.drawing.errors import UnknownMachine
from django_tasks_fsm.drawing.graph import Edge, Graph, Node
from django_tasks_fsm.drawing.svg import paint

MachineName = Literal["run", "task"]

MACHINES: Mapping[str, Machine[Any]] = MappingProxyType({"run": RUN_MACHINE, "task": TASK_MACHINE})


def machine_svg(name: MachineName, standalone: bool = False, current: str = "") -> str:
    """Return the picture of a state machine, always by the built-in engine: the same on every machine."""
    return paint(machine_graph(name, current), EVENTS, "builtin", standalone)


def machine_graph(name: MachineName, current: str = "") -> Graph:
    """Return the states as nodes, one as the current; the events between the same two states share one edge."""
    machine = _machine(name)
    merged: dict[tuple[str, str], list[str]] = {}
    for source, event, target in machine.edges():
        merged.setdefault((str(source), str(target)), []).append(event)
    edges = [Edge(source, target, ", ".join(events), "met") for (source, target), events in merged.items()]
    nodes = [Node(str(state), str(state), str(state), current=state == current) for state in machine.table]
    title = gettext("States of a run") if name == "run" else gettext("States of a task")
    return Graph(tuple(nodes), tuple(edges), title)


def machine_table(name: MachineName) -> str:
    """Return the table of a machine in Markdown: one row for each state, one line for each event."""
    rows = [f"| {state} | {_row(row)} |" for state, row in _machine(name).table.items()]
    return "\n".join(["| state | event \N{RIGHTWARDS ARROW} next state |", "|---|---|", *rows]) + "\n"


def _row(row: Mapping[str, tuple[str, ...]]) -> str:
    """Return the events of one state."""
    events = [f"{event} \N{RIGHTWARDS ARROW} {' or '.join(targets)}" for event, targets in row.items()]
    return "; ".join(events) or "terminal"


def _machine(name: str) -> Machine[Any]:
    try:
        return MACHINES[name]
    except KeyError:
        raise UnknownMachine(name, MACHINES) from None


def _events(edge: Edge) -> str:
    return edge.condition


EVENTS = Wording(_events, _events)

"""What an explanation says of one gate."""

from __future__ import annotations

from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.gates.record import Gate


def gates(row: TaskRun | Task, name: str) -> list[Gate]:
    """Return the gates of this name."""
    return [gate for gate in row.explain().gates if gate.name == name]


def gate(row: TaskRun | Task, name: str) -> Gate:
    """Return the one gate of this name."""
    (found,) = gates(row, name)
    return found


def said(row: TaskRun | Task, name: str) -> tuple[bool, str]:
    """Return whether the gate is open, and its fact."""
    found = gate(row, name)
    return found.ok, str(found.fact)

"""The records of an explanation: sentences, gates, and the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from django_tasks_fsm.models import Queue, Task, TaskRun


@dataclass(frozen=True, slots=True)
class Sentence:
    """A translated sentence, with places in braces that are filled where it is shown: as text here.

    The place ``{what}`` holds the name of the row that the gate points to.
    """

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**{name: plain(value) for name, value in self.values.items()})


def plain(value: Any) -> str:
    """Return a value as text: a moment in the current time zone, to the second and with its offset."""
    if not isinstance(value, datetime):
        return str(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return local.isoformat(" ", "seconds")


NOTHING = Sentence("")


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must be so before a run starts.

    ``ok`` is False where it holds the run up; a ``note`` is told beside and holds up nothing. ``kind`` (run, task,
    queue or worker) and ``id`` say which row it is about. ``detail`` is what somebody else wrote: an error, a reason.
    """

    name: str
    ok: bool
    fact: Sentence
    way_out: Sentence = NOTHING
    kind: str = ""
    id: Any = None
    detail: str = ""
    note: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "name": self.name,
            "ok": self.ok,
            "note": self.note,
            "fact": str(self.fact),
            "detail": self.detail,
            "way_out": str(self.way_out),
            "kind": self.kind,
            "id": None if self.id is None else str(self.id),
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a run could start now, or a task fire, and each gate that was looked at."""

    kind: str
    id: Any
    name: str
    state: str
    could_run: bool
    gates: tuple[Gate, ...]

    @property
    def blockers(self) -> tuple[Gate, ...]:
        """Return the gates that are shut."""
        return tuple(gate for gate in self.gates if not gate.ok)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "kind": self.kind,
            "id": str(self.id),
            "name": self.name,
            "state": self.state,
            "could_run": self.could_run,
            "gates": [gate.as_dict() for gate in self.gates],
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """A run as one statement saw it: ``is_taken`` by what staging and claiming ask of it, ``is_due`` by its time.

    ``put_off_by`` is the last event that set another time.
    """

    run: TaskRun
    queue: Queue | None
    is_taken: bool
    is_due: bool
    put_off_by: str
    using: str


@dataclass(frozen=True, slots=True)
class SeenTask:
    """A task as one statement saw it: ``fires`` by what firing asks of its row, ``is_due`` by its next time.

    ``since``, ``by`` and ``reason`` are those of the last transition into its state.
    """

    task: Task
    queue: Queue | None
    fires: bool
    is_due: bool
    since: datetime | None
    by: str
    reason: str
    using: str


def called(run: TaskRun) -> str:
    """Return what to call a run: its task, and its label or the end of its id."""
    return f"{run.task.name} {run.label or str(run.pk)[-6:]}"

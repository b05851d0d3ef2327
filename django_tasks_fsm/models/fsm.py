"""What a row tells of its state machine, made from the tables in core/machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from django_tasks_fsm.core.machine import EVENT_ALIASES, RUN_MACHINE, TASK_MACHINE, Machine
from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.drawing.dot_source import to_dot
from django_tasks_fsm.drawing.machine import MachineName, machine_graph, machine_svg
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.fields import StatefulModel


@dataclass(frozen=True, slots=True)
class FSMTransitionEvent:
    """One event in the life of a row; ``extra`` is what was told with it."""

    old_state: str
    new_state: str
    event: str
    when: datetime
    actor: str = ""
    reason: str = ""
    extra: Any = None


class _Row(StatefulModel):
    """Answer for either machine."""

    machine: ClassVar[Machine[Any]]
    machine_name: ClassVar[MachineName]
    states: ClassVar[type[StrEnum]]

    class Meta:
        abstract = True

    @property
    def fsm_state(self) -> str:
        """Return the state as it was when this instance was read."""
        return str(self.state)  # type: ignore[attr-defined]

    @property
    def fsm_events(self) -> tuple[str, ...]:
        """Return the events that the table allows in this state."""
        return self.machine.events(self.states(self.fsm_state))

    def fsm_event_is_allowed(self, event: str) -> bool:
        """Tell whether the table allows ``event`` in this state."""
        return EVENT_ALIASES.get(event, event) in self.fsm_events

    def fsm_event(self, event: str, *, actor: Actor = Actor.system(), reason: str = "", **detail: Any) -> str:
        """Cause ``event`` from the state in which this instance was read, and return the state that it led to.

        ``detail`` goes into the history. Raise IllegalTransition for what the table, or the engine, does not allow, and
        StaleState when the row has left that state meanwhile. ``cancel`` of a RUNNING run only asks it to stop.
        """
        self._cause(event, actor, reason, detail)
        return self.fsm_state

    if TYPE_CHECKING:  # each machine has its own verbs behind an event

        def _cause(self, event: str, actor: Actor, reason: str, detail: dict[str, Any]) -> None: ...

    @property
    def fsm_history(self) -> list[FSMTransitionEvent]:
        """Return all that is known of the row's changes, oldest first; reads its transitions."""
        rows = self.transitions.order_by("pk")  # type: ignore[attr-defined]
        told = [
            FSMTransitionEvent(row.from_state, row.to_state, row.event, row.at, row.actor, row.reason, row.detail)
            for row in rows
        ]
        return sorted([*self._untold(told), *told], key=lambda each: each.when)

    def _untold(self, told: Iterable[FSMTransitionEvent]) -> list[FSMTransitionEvent]:
        return []

    def fsm_transitions_as_dot(self) -> str:
        """Return the state machine as Graphviz source, the present state drawn with a thick line."""
        return str(to_dot(machine_graph(self.machine_name, current=self.fsm_state)).source)

    def fsm_as_svg(self) -> str:
        """Return the picture of the state machine as a file of its own, the present state with a ring."""
        return machine_svg(self.machine_name, standalone=True, current=self.fsm_state)


class RunFSM(_Row):
    """The machine of a run."""

    machine, machine_name, states = RUN_MACHINE, "run", RunState

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        is_prepare: bool
        is_pending: bool
        is_queued: bool
        is_running: bool
        is_done: bool
        is_failed: bool
        is_cancelled: bool
        is_skipped: bool
        is_aborted: bool

    def _cause(self, event: str, actor: Actor, reason: str, detail: dict[str, Any]) -> None:
        from django_tasks_fsm.models.by_hand import move_run

        move_run(self, event, actor, reason, detail)  # type: ignore[arg-type]

    def _untold(self, told: Iterable[FSMTransitionEvent]) -> list[FSMTransitionEvent]:
        # The ordinary events leave no transition; of several dispatches the row remembers the last one.
        run: Any = self
        moments = []
        if run.started_at is not None:
            moments.append(FSMTransitionEvent(RunState.QUEUED, RunState.RUNNING, "dispatch", run.started_at))
        if run.state == RunState.DONE and not any(each.new_state == RunState.DONE for each in told):
            moments.append(FSMTransitionEvent(RunState.RUNNING, RunState.DONE, "done", run.finished_at))
        return moments


class TaskFSM(_Row):
    """The machine of a task."""

    machine, machine_name, states = TASK_MACHINE, "task", TaskState

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        is_prepare: bool
        is_active: bool
        is_paused: bool
        is_exhausted: bool
        is_retired: bool

    def _cause(self, event: str, actor: Actor, reason: str, detail: dict[str, Any]) -> None:
        from django_tasks_fsm.models.by_hand import move_task

        move_task(self, event, actor, reason, detail)  # type: ignore[arg-type]


def _is(state: StrEnum) -> property:
    def get(row: models.Model) -> bool:
        return bool(row.state == state)  # type: ignore[attr-defined]

    get.__doc__ = f"Tell whether the state was {state} when this instance was read."
    return property(get)


for _cls in (RunFSM, TaskFSM):
    for _state in _cls.machine.table:
        setattr(_cls, f"is_{_state.lower()}", _is(_state))

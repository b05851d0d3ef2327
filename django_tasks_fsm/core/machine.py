"""The two state machines as tables: state -> event -> possible next states.

Code, guarded SQL, admin and drawings all read these tables; nothing else knows which change is allowed. An event with
several possible targets (``lose``) leaves the choice to the caller, by policy.
The run machine is a superset of cs.taskqueue's, which spells ABORTED "ABORT" and the event ``error`` "except".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from django_tasks_fsm.core.states import RunState, TaskState
from django_tasks_fsm.exceptions import IllegalTransition

S = TypeVar("S", RunState, TaskState)

EVENT_ALIASES: Mapping[str, str] = MappingProxyType({"except": "error"})


class Machine(Generic[S]):
    """Answer what a table of transitions allows."""

    def __init__(self, table: Mapping[S, Mapping[str, tuple[S, ...]]]) -> None:
        self.table: Mapping[S, Mapping[str, tuple[S, ...]]] = MappingProxyType(
            {state: MappingProxyType(dict(row)) for state, row in table.items()}
        )

    def sources(self, event: str) -> tuple[S, ...]:
        """Return the states in which ``event`` is allowed, in the table's order."""
        event = EVENT_ALIASES.get(event, event)
        return tuple(state for state, row in self.table.items() if event in row)

    def targets(self, event: str) -> tuple[S, ...]:
        """Return every state that ``event`` can lead to, in the table's order."""
        event = EVENT_ALIASES.get(event, event)
        found = [target for row in self.table.values() for target in row.get(event, ())]
        return tuple(dict.fromkeys(found))

    def events(self, state: S) -> tuple[str, ...]:
        """Return the events that are allowed in ``state``."""
        return tuple(self.table[state])

    def target(self, event: str, state: S, wanted: S | None = None) -> S:
        """Return where ``event`` leads from ``state``; ``wanted`` chooses where there are several.

        Raise IllegalTransition where the table has no such row, or does not offer ``wanted``.
        """
        choices = self.table[state].get(EVENT_ALIASES.get(event, event), ())
        if not choices or (wanted is not None and wanted not in choices):
            raise IllegalTransition(event, state, self.events(state))
        return choices[0] if wanted is None else wanted

    def edges(self) -> list[tuple[S, str, S]]:
        """Return every (state, event, next state) of the table."""
        return [
            (state, event, target)
            for state, row in self.table.items()
            for event, choices in row.items()
            for target in choices
        ]


_P, _Q, _R = RunState.PENDING, RunState.QUEUED, RunState.RUNNING

RUN_MACHINE: Machine[RunState] = Machine(
    {
        RunState.PREPARE: {
            "prepared": (_P,),
            "cancel": (RunState.CANCELLED,),
            "abort": (RunState.ABORTED,),
        },
        RunState.PENDING: {
            "queue": (_Q,),
            "dispatch": (_R,),
            "reschedule": (_P,),
            "cancel": (RunState.CANCELLED,),
            "error": (RunState.FAILED,),
            "skip": (RunState.SKIPPED,),
            "abort": (RunState.ABORTED,),
        },
        RunState.QUEUED: {
            "dispatch": (_R,),
            "hold": (_P,),
            "reschedule": (_P,),
            "cancel": (RunState.CANCELLED,),
            "error": (RunState.FAILED,),
            "skip": (RunState.SKIPPED,),
            "abort": (RunState.ABORTED,),
        },
        RunState.RUNNING: {
            "done": (RunState.DONE,),
            "error": (RunState.FAILED,),
            "cancel": (RunState.CANCELLED,),
            "retry": (_P,),
            "reschedule": (_P,),
            "release": (_Q,),
            "lose": (_P, RunState.FAILED),
            "abort": (RunState.ABORTED,),
        },
        RunState.DONE: {"rerun": (_P,)},
        RunState.FAILED: {"retry": (_P,), "resolve": (RunState.DONE,), "abort": (RunState.ABORTED,)},
        RunState.CANCELLED: {"retry": (_P,), "abort": (RunState.ABORTED,)},
        RunState.SKIPPED: {"retry": (_P,)},
        RunState.ABORTED: {},
    }
)

_RETIRE = {"retire": (TaskState.RETIRED,)}

TASK_MACHINE: Machine[TaskState] = Machine(
    {
        TaskState.PREPARE: {"activate": (TaskState.ACTIVE,), **_RETIRE},
        TaskState.ACTIVE: {"pause": (TaskState.PAUSED,), "exhaust": (TaskState.EXHAUSTED,), **_RETIRE},
        TaskState.PAUSED: {"resume": (TaskState.ACTIVE,), **_RETIRE},
        TaskState.EXHAUSTED: {"reschedule": (TaskState.ACTIVE,), **_RETIRE},
        TaskState.RETIRED: {"restore": (TaskState.ACTIVE,)},
    }
)

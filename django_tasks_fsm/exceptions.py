"""Every error this app raises: each takes facts and says what is wrong and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class TasksFSMError(Exception):
    """Base of all errors of this app; never raised itself."""


class IllegalTransition(TasksFSMError):
    """Say that an event is not allowed in a state."""

    def __init__(self, event: str, state: str, allowed: Iterable[str]) -> None:
        self.event, self.state, self.allowed = event, state, tuple(allowed)
        choices = ", ".join(self.allowed) or "none: the state is terminal"
        super().__init__(f"Event {event!r} is not allowed in state {state}. Allowed there: {choices}.")


class StaleState(TasksFSMError):
    """Say that a row had left the expected state before the change reached it."""

    def __init__(self, what: str, event: str) -> None:
        self.event = event
        super().__init__(f"{what} has changed meanwhile, so {event!r} was not applied. Reload it and decide again.")


class StateIsReadOnly(TasksFSMError):
    """Say that a state was assigned instead of moved by a verb."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model}.state is changed by verbs only (cancel, retry, pause, ...), so that every change follows "
            "the table and is recorded. Call the verb instead of assigning the field."
        )


class UnstorablePayload(TasksFSMError, TypeError, ValueError):
    """Name the value that JSON or a database cannot hold.

    Both a TypeError and a ValueError, because ``django.tasks`` raises one or the other for the same mistake.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path} cannot be stored: {problem}.")


class InvalidTrigger(TasksFSMError, ValueError):
    """Say why a trigger cannot be used."""


class ScheduleNeverFires(InvalidTrigger):
    """Say that a schedule has no time at which it fires."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        super().__init__(
            f"{expression!r} never fires: no date satisfies all of its fields. Check day, month and weekday."
        )


class FunctionNotRegistered(TasksFSMError, LookupError):
    """Say that no registered task bears a name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"No task is registered as {name!r} in this process. Decorate the function with @task in a module that is "
            "imported at start: the 'tasks' module of an installed app, or one listed in OPTIONS['TASK_MODULES']."
        )


class NameTaken(TasksFSMError, ValueError):
    """Say that two functions claim one registered name."""

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(
            f"{name!r} is registered for {first} already, so {second} cannot have it. Give it another name."
        )


class CycleFound(TasksFSMError, ValueError):
    """Name the members of a cycle of prerequisites."""

    def __init__(self, members: Iterable[Any]) -> None:
        self.members = tuple(members)
        path = " -> ".join(str(member) for member in (*self.members, *self.members[:1]))
        super().__init__(
            f"These prerequisites form a cycle, so none of them could ever run: {path}. Remove one of the links."
        )


class CancellationRequested(TasksFSMError):
    """Raised inside a run that a person asked to stop; a task may raise it itself to end as CANCELLED."""


class OwnershipLost(CancellationRequested):
    """Raised inside a run that this worker no longer owns: its result would be dropped."""


class RescheduleRequested(TasksFSMError):
    """Ends an attempt and runs the same run again later; raised by ``context.reschedule``."""

    def __init__(self, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        super().__init__(f"Run again in {delay_seconds:g} s.")


class RunFailed(TasksFSMError):
    """Raised by ``wait`` for a run that ended in another state than DONE."""

    def __init__(self, run_id: Any, state: str, error: str) -> None:
        self.run_id, self.state, self.error = run_id, state, error
        super().__init__(f"Run {run_id} ended as {state}" + (f": {error}" if error else "") + ".")


class WaitTimeout(TasksFSMError, TimeoutError):
    """Raised by ``wait`` when the run has not finished in time."""

    def __init__(self, run_id: Any, seconds: float, state: str) -> None:
        super().__init__(f"Run {run_id} was still {state} after {seconds:g} s. Is a worker serving its queue?")


class WorkerLost(TasksFSMError):
    """The error of a run that is FAILED because its workers died while they held it."""


class RunCancelled(TasksFSMError):
    """The error that ``django.tasks`` shows for a run that ended as CANCELLED, SKIPPED or ABORTED."""


class RunTimedOut(TasksFSMError, TimeoutError):
    """Raised inside a run that has taken longer than its timeout."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The run took longer than its timeout of {seconds:g} s.")

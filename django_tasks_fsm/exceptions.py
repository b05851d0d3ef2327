"""Every error this app raises: each takes facts and says what is wrong and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any


class TasksFSMError(Exception):
    """Base of all errors of this app; never raised itself."""


class IllegalTransition(TasksFSMError):
    """Say that an event is not allowed in a state, or not to whoever asked; ``way_out`` says what to do then."""

    def __init__(self, event: str, state: str, allowed: Iterable[str], way_out: str = "") -> None:
        self.event, self.state, self.allowed = event, state, tuple(allowed)
        choices = ", ".join(self.allowed) or "none: the state is terminal"
        advice = way_out or f"Allowed there: {choices}."
        super().__init__(f"Event {event!r} is not allowed in state {state}. {advice}")


class BlockedError(TasksFSMError):
    """Say that a run cannot be executed now, because it waits for ``blocking_run``."""

    def __init__(self, run: Any, blocking_run: Any) -> None:
        self.run, self.blocking_run = run, blocking_run
        super().__init__(
            f"Run {run} waits for run {blocking_run}, which is {blocking_run.state}. "
            "Call make() to have its prerequisites executed first, or repair the one that is in the way."
        )


class StaleState(TasksFSMError):
    """Say that a row had left the expected state before the change reached it."""

    def __init__(self, what: str, event: str) -> None:
        self.event = event
        super().__init__(f"{what} has changed meanwhile, so {event!r} was not applied. Reload it and decide again.")


class PlanChanged(TasksFSMError):
    """Say that a plan is no longer what it was when it was shown; ``plan`` is what it is now."""

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        super().__init__(
            f"The plan ({plan.verb}) has changed since it was made, so nothing was done. It has {len(plan.steps)} steps"
            " now: look at the new one (the error's plan) and decide again."
        )


class PlanRefused(TasksFSMError):
    """Say that a plan cannot be carried out, because of ``plan.refused``."""

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        one, more = plan.refused[0], len(plan.refused) - 1
        others = f" and {more} more" if more else ""
        super().__init__(
            f"Nothing was done ({plan.verb}), because of run {one.run}, which is {one.state}{others}: {one.why}"
        )


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


class InvalidLimit(TasksFSMError, ValueError):
    """Say what is wrong with a limit: the number of runs at once, or their rate."""


class InvalidLockName(TasksFSMError, ValueError):
    """Say why a lock cannot have a name."""

    def __init__(self, name: Any, longest: int) -> None:
        self.name = name
        super().__init__(f"A lock has a name of 1 to {longest} printable characters, not {name!r}.")


class InvalidKey(TasksFSMError, ValueError):
    """Say why a run cannot bear a key."""


class KeyTaken(TasksFSMError):
    """Say that an unfinished run bears the key, so nothing was made; ``run_id`` and ``state`` are that run's."""

    def __init__(self, key: str, run_id: Any, state: str, why: str = "") -> None:
        self.key, self.run_id, self.state = key, run_id, state
        advice = why or "Wait until that has ended, cancel it, or enqueue with on_key='return' or 'replace'."
        super().__init__(f"The key {key!r} is borne by run {run_id}, which is {state}. {advice}")


class ScheduleNeverFires(InvalidTrigger):
    """Say that a schedule has no time at which it fires."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        super().__init__(
            f"{expression!r} never fires: no date satisfies all of its fields. Check day, month and weekday."
        )


class FieldNotEditable(TasksFSMError, TypeError):
    """Say that ``Task.update`` does not change what was named; ``way_out`` says what does, or comes nearest."""

    def __init__(self, name: str, way_out: str) -> None:
        self.name = name
        super().__init__(f"Task.update() changes no field {name!r}. {way_out}")


class UnknownGroup(TasksFSMError, LookupError):
    """Say that no task is in a group; ``known`` are those that have some."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        there = ", ".join(map(repr, self.known)) or "none"
        super().__init__(f"No task is in the group {name!r}. Groups that have tasks: {there}.")


class InvalidSetting(TasksFSMError, ValueError):
    """Say which setting of a schedule has a value that its row could not use; ``must_be`` says what it could."""

    def __init__(self, schedule: str, setting: str, value: Any, must_be: str) -> None:
        self.schedule, self.setting, self.value = schedule, setting, value
        super().__init__(f"The schedule {schedule!r} has {setting}={value!r}; it must be {must_be}.")


class TaskExists(TasksFSMError, ValueError):
    """Say that a schedule was to be new, and that there is a task of its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"There is a task {name!r} already, and replace='error' lets none be changed. Give the schedule another "
            "name, or say replace=True to change that task, replace=False to keep it as it is."
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


class AlreadyStarted(TasksFSMError):
    """Say that a run may not be given another prerequisite: it has started, or ended."""

    def __init__(self, run_id: Any, state: str) -> None:
        self.run_id, self.state = run_id, state
        super().__init__(
            f"Run {run_id} is {state}, so it cannot be made to wait for another run. "
            "Only runs in PREPARE, PENDING and QUEUED can; make a new run with after=[...]."
        )


class PrerequisiteDiffers(TasksFSMError, ValueError):
    """Say that the same prerequisite was added before, with another condition or policy."""

    def __init__(self, dependent: Any, prerequisite: Any, stands: str, wanted: str) -> None:
        super().__init__(
            f"{dependent} waits for {prerequisite} already, with {stands}; it cannot wait for it with {wanted} too. "
            "Delete that prerequisite first."
        )


class PrerequisiteBroken(TasksFSMError):
    """The error of a run that was failed because a prerequisite ended otherwise than its condition asks."""


class CycleFound(TasksFSMError, ValueError):
    """Name the members of a cycle of prerequisites: in words a few of them, in ``members`` all."""

    SHOWN = 10

    def __init__(self, members: Iterable[Any]) -> None:
        self.members = tuple(members)
        names = [str(member) for member in (*self.members, *self.members[:1])]
        if (left_out := len(names) - self.SHOWN) > 1:
            half = self.SHOWN // 2
            names[half:-half] = [f"({left_out} more)"]
        path = " -> ".join(names)
        super().__init__(
            f"These prerequisites form a cycle, so none of them could ever run: {path}. Remove one of the links."
        )


class UnknownPrerequisite(TasksFSMError, LookupError):
    """Say that a run was asked to wait for one that does not exist."""

    def __init__(self, run_id: Any) -> None:
        self.run_id = run_id
        super().__init__(
            f"Run {run_id} does not exist, so no run can wait for it. It was deleted, pruned, or never committed."
        )


class CancellationRequested(TasksFSMError):
    """Raised inside a run that a person asked to stop; a task may raise it itself to end as CANCELLED."""


class OwnershipLost(CancellationRequested):
    """Raised inside a run that this worker no longer owns: its result would be dropped."""


class RescheduleRequested(TasksFSMError):
    """Ends an attempt and runs the same run again later; raised by ``context.reschedule``."""

    def __init__(
        self,
        delay_seconds: float | None = None,
        at: datetime | None = None,
        args: list[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.delay_seconds, self.at, self.args_of_next, self.kwargs_of_next = delay_seconds, at, args, kwargs
        super().__init__(f"Run again in {delay_seconds:g} s." if at is None else f"Run again at {at}.")


class StopSchedule(TasksFSMError):
    """Raised by a function whose schedule has nothing more to do: its run is DONE with ``result``, its task EXHAUSTED.

    ``reason`` stands in the history of the task.
    """

    def __init__(self, result: Any = None, reason: str = "") -> None:
        self.result, self.reason = result, reason
        super().__init__(f"The schedule ends here{': ' if reason else ''}{reason}.")


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
    """Raised inside a run that has taken longer than its timeout; ``still`` says that it goes on nevertheless."""

    def __init__(self, seconds: float, still: str = "") -> None:
        super().__init__(f"The run took longer than its timeout of {seconds:g} s" + (f"; {still}." if still else "."))


class ReleaseRequested(TasksFSMError):
    """Ends a service that its worker gives back; another worker sets it up again."""

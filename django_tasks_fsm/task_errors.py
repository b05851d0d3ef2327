"""What went wrong with a run, as Django's TaskError shows it: one error for each attempt, and one for another end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.exceptions import PrerequisiteBroken, RunCancelled, WorkerLost
from django_tasks_fsm.tasks_api import TaskError

if TYPE_CHECKING:
    from django_tasks_fsm.models import Transition


class RunSkipped(RunCancelled):
    """The error of a run that was not begun: it came too late, or its prerequisites can no longer be met."""


class RunAborted(RunCancelled):
    """The error of a run that was ended for good."""


ENDINGS: dict[RunState, type[Exception]] = {
    RunState.CANCELLED: RunCancelled,
    RunState.SKIPPED: RunSkipped,
    RunState.ABORTED: RunAborted,
}
"""The error of a run that ended, without an exception of its own, in one of these states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FSMTaskError(TaskError):  # type: ignore[misc]  # Django's is frozen, its stub is not
    """An error whose class may be nested in another one, as ``Model.DoesNotExist`` is."""

    @property
    def exception_class(self) -> type[BaseException]:
        """Return the class; raise ImportError when it cannot be found, ValueError when it is no exception."""
        found = _resolve(self.exception_class_path)
        if not isinstance(found, type) or not issubclass(found, BaseException):
            raise ValueError(f"{self.exception_class_path!r} does not reference a valid exception.")
        return found


def _resolve(path: str) -> Any:
    module_path, names = path, list[str]()
    while "." in module_path:
        module_path, _, name = module_path.rpartition(".")
        names.insert(0, name)
        try:
            found: Any = import_module(module_path)
        except ModuleNotFoundError:
            continue
        for name in names:
            found = getattr(found, name, None)
        if found is not None:
            return found
    raise ImportError(f"No class {path!r} can be imported here.")


def errors_of(transitions: Iterable[Transition]) -> Iterator[TaskError]:
    """Give the errors that the transitions of a run tell of, oldest first."""
    for row in transitions:
        state = RunState(row.to_state)
        if row.detail and "traceback" in row.detail:
            yield FSMTaskError(exception_class_path=row.detail["exception"], traceback=row.detail["traceback"])
        elif row.event == "lose":
            yield error_from(WorkerLost(row.reason))
        elif row.event == "error":  # nothing was raised: a prerequisite's policy, or make(), failed it
            yield error_from(PrerequisiteBroken(row.reason))
        elif state in ENDINGS:
            yield error_from(ENDINGS[state](row.reason))


def exception_for(state: str, errors: Sequence[TaskError]) -> Exception:
    """Return an exception for a run that failed without raising one: a person, a policy or a lost worker ended it."""
    is_broken = bool(errors) and errors[-1].exception_class_path.endswith(PrerequisiteBroken.__name__)
    kind = ENDINGS.get(RunState(state), PrerequisiteBroken if is_broken else WorkerLost)
    return kind(errors[-1].traceback.strip().removeprefix(f"{kind.__name__}: ") if errors else state)


def error_from(error: Exception) -> TaskError:
    """Return an exception of ours that nobody raised as a TaskError."""
    kind = type(error)
    path = f"{kind.__module__}.{kind.__qualname__}"
    return FSMTaskError(exception_class_path=path, traceback=f"{kind.__name__}: {error}\n")

"""The verbs of a task on the runs of its key: at most one of them waits, and those that follow do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from django_tasks_fsm.core.keys import UniqueKey, trigger_key
from django_tasks_fsm.tasks_api import InvalidTask

if TYPE_CHECKING:
    from django_tasks_fsm.models.querysets import Report
    from django_tasks_fsm.results import FSMTaskResult


class Chains:
    """What FSMTask has of them. Without attributes: a dataclass with slots derives from it."""

    __slots__ = ()

    if TYPE_CHECKING:
        key: UniqueKey | None
        module_path: str
        names: Sequence[str]

        def get_backend(self) -> Any: ...
        def using(self, **changes: Any) -> Any: ...

    def trigger(self, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """Say that something has happened: one run that has not begun yet will see to it, and is returned.

        While one waits, that is it, with its own arguments, or with these where ``on_key`` is "replace". While one
        runs, one more is made, which waits for its end. Without a key all runs that are triggered of the task share
        one.
        """
        keyed = self if self.key is not None else self.using(key=trigger_key(self.module_path))
        return _asked(keyed, "trigger", args, kwargs)

    def recreate(self, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """Make the run of the key anew: cancel the one that waits, ask a RUNNING one to stop and wait for its end.

        A run that calls it for its own key is not asked to stop. Raise InvalidTask without a key.
        """
        return _asked(self, "recreate", args, kwargs)

    async def atrigger(self, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """See trigger."""
        return await sync_to_async(self.trigger, thread_sensitive=True)(*args, **kwargs)

    async def arecreate(self, *args: Any, **kwargs: Any) -> FSMTaskResult:
        """See recreate."""
        return await sync_to_async(self.recreate, thread_sensitive=True)(*args, **kwargs)

    def cancel_key(self, key: str | None = None) -> Report:
        """Cancel the runs of this task that bear ``key``, or its own key, and ask RUNNING ones to stop.

        None is left to be rescheduled. Raise InvalidTask where the key depends on arguments and is not given.
        """
        from django_tasks_fsm.models import TaskRun

        wanted = self.key if key is None else key
        if callable(wanted):
            raise InvalidTask("The key is a function of the arguments here: give cancel_key() the key itself.")
        name = wanted or trigger_key(self.module_path)
        runs = TaskRun.objects.keyed(name).filter(task__function__in=[self.module_path, *self.names])
        return runs.cancel(reason=f"of the key {name!r}")


def _asked(task: Any, verb: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> FSMTaskResult:
    backend: Any = task.get_backend()
    if not hasattr(backend, verb):  # Django's own backends, in a project's tests
        verb = "enqueue"
    result: FSMTaskResult = getattr(backend, verb)(task, args, kwargs)
    return result

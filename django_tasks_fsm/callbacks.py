"""Call back, in this process, when runs change state; nothing is spent on it while nobody asks."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import router

from django_tasks_fsm import registry, signals
from django_tasks_fsm.tasks_api import Task

if TYPE_CHECKING:
    from django_tasks_fsm.models.transitions import Moved

logger = logging.getLogger("django_tasks_fsm")
track_logger = logging.getLogger("django_tasks_fsm.track")

UID = "django_tasks_fsm.callbacks"
FRESH_SECONDS = 10.0
"""How long it is believed which function a task calls: a person may choose another one."""

Callback = Callable[[uuid.UUID, "Moved"], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A connected callback; ``discard`` takes it."""

    callback: Callback
    state: str | None
    task_id: int | None
    function: str | None
    run_id: uuid.UUID | None

    def wants(self, row: Moved, using: str) -> bool:
        """Tell whether an event is one of those that were asked for."""
        return (
            (self.state is None or row.to_state == self.state)
            and (self.run_id is None or row.pk == self.run_id)
            and (self.task_id is None or row.task_id == self.task_id)
            and (
                self.function is None
                or registry.own_name(self.function) == registry.own_name(_function_of(row.task_id, using))
            )
        )


_tokens: tuple[Token, ...] = ()
_tracked: dict[str, Token] = {}
_functions: dict[tuple[str, int], tuple[str, float]] = {}


def on_transition(callback: Callback, state: str | None = None, task: Any = None, run: Any = None) -> Token:
    """Have ``callback(run_id, transition)`` called after the commit of each event of runs that this process causes.

    ``state`` asks for events that lead there only, ``task`` for runs of a row, a function or a function's name, and
    ``run`` for one run, result or id. ``transition`` has ``event``, ``from_state``, ``to_state``, ``attempt``,
    ``worker_id``, ``task_id`` and ``actor``. What a callback raises is logged.
    """
    global _tokens
    function = task.module_path if isinstance(task, Task) else task if isinstance(task, str) else None
    task_id = None if task is None or function is not None else getattr(task, "pk", task)
    run_id = getattr(run, "id", run)
    wanted_run = None if run is None else run_id if isinstance(run_id, uuid.UUID) else uuid.UUID(str(run_id))
    token = Token(callback, None if state is None else str(state), task_id, function, wanted_run)
    _tokens = (*_tokens, token)
    signals.run_events.connect(_hear, dispatch_uid=UID)
    return token


def discard(token: Token) -> bool:
    """Call back no longer; return False if the token was discarded before."""
    global _tokens
    before, _tokens = _tokens, tuple(each for each in _tokens if each is not token)
    if not _tokens:
        signals.run_events.disconnect(dispatch_uid=UID)
    return len(_tokens) < len(before)


def track(task: Task, how: bool | Callback) -> None:
    """Log each event of a function's runs, or have it told to ``how``; what was asked for the function before ends."""
    if task.module_path in _tracked:
        discard(_tracked.pop(task.module_path))
    if how:
        _tracked[task.module_path] = on_transition(how if callable(how) else _log, task=task)


def _hear(sender: Any, moved: Sequence[Moved], using: str, **kwargs: Any) -> None:
    for row in moved:
        for token in _tokens:
            try:
                if token.wants(row, using):
                    token.callback(row.pk, row)
            except (Exception, SystemExit):  # it must not keep the others, or the worker, from going on
                logger.exception("A callback failed at %s of run %s.", row.event, row.pk)


def _function_of(task_id: int | None, using: str) -> str:
    from django_tasks_fsm.store.definitions import definitions

    known, read_at = _functions.get((using, task_id or 0), ("", 0.0))
    if known and time.monotonic() - read_at < FRESH_SECONDS:
        return known
    found = definitions([task_id or 0], using)
    function = found[task_id].function if task_id in found else ""
    _functions[using, task_id or 0] = (function, time.monotonic())
    return function


def _log(run_id: uuid.UUID, row: Moved) -> None:
    if not track_logger.isEnabledFor(logging.INFO):
        return
    from django_tasks_fsm.models import TaskRun

    runs = TaskRun.objects.using(router.db_for_write(TaskRun)).filter(pk=run_id)
    label, task = runs.values_list("label", "task__name").first() or ("", str(run_id))
    track_logger.info("%s %s->%s->%s", label or task, row.from_state, row.event, row.to_state)

"""``@service``: one long run, held by one worker at a time, which is set up, ticks and is cleaned up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, overload

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.triggers.request import trigger_for
from django_tasks_fsm.declare import FSMTask, task
from django_tasks_fsm.lifecycle import Lifecycle, is_awaited, named_function, service_key
from django_tasks_fsm.tasks_api import InvalidTask

ATTEMPTS = 10
"""A service that raises is set up again, later each time; after so many errors its run is FAILED."""
PRIORITY = 100
"""Services are claimed before all other runs: claiming them costs no slot."""


@overload
def service(target: Callable[..., Any], /) -> FSMTask: ...


@overload
def service(
    *,
    every: timedelta | float | None = ...,
    cron: str | None = ...,
    trigger: triggers.Trigger | None = ...,
    autostart: bool = ...,
    restart: bool = ...,
    **options: Any,
) -> Callable[[Callable[..., Any]], FSMTask]: ...


def service(
    target: Callable[..., Any] | None = None,
    /,
    *,
    every: timedelta | float | None = None,
    cron: str | None = None,
    trigger: triggers.Trigger | None = None,
    timezone: str = "UTC",
    policy: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    jitter: timedelta | float | None = None,
    from_end: bool | None = None,
    autostart: bool = True,
    restart: bool = True,
    **options: Any,
) -> FSMTask | Callable[[Callable[..., Any]], FSMTask]:
    """Make a module-level generator function, or class, a service that ticks by ``every``, ``cron`` or ``trigger``.

    Without any of them only messages reach it. ``autostart=False``: it runs when somebody starts it. ``restart=False``:
    a run that has ended is not followed by another one. ``options`` are the fields of FSMTask; ``timeout`` bounds each
    setup, tick, message and cleanup.
    """

    def declare(target: Callable[..., Any]) -> FSMTask:
        function = named_function(target)
        name = f"{function.__module__}.{function.__qualname__}"
        fires = ""
        if not (every is None and cron is None and trigger is None):
            asked = trigger_for(
                name, every=every, cron=cron, trigger=trigger, timezone=timezone, policy=policy, start=start, end=end,
                jitter=jitter, from_end=from_end,
            )  # fmt: skip
            fires = json.dumps(triggers.dump(asked), sort_keys=True)
        life = Lifecycle(target, is_awaited(target), fires, autostart, restart)
        given = {"priority": PRIORITY, "max_attempts": ATTEMPTS, "key": service_key(name), **options}
        if given.get("executor") is not None:
            raise InvalidTask(f"The service {name} has executor={given['executor']!r}. Services run beside the slots.")
        return task(takes_context=True, lifecycle=life, **given)(function)

    return declare(target) if target is not None else declare

"""Schedules that code declares, and their rows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from django.apps import apps

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core import schedule_settings, triggers
from django_tasks_fsm.core.executors import problem
from django_tasks_fsm.core.nearest import did_you_mean
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.tasks_api import InvalidTask

if TYPE_CHECKING:
    from django_tasks_fsm.declare import FSMTask
    from django_tasks_fsm.models import Task

SETTINGS = (
    "cancel_on_exception", "catch_up", "catch_up_cap", "concurrency", "description", "executor", "group",
    "max_attempts", "max_instances", "max_runs", "min_interval", "misfire_grace", "on_lost", "on_overlap",
    "on_prerequisite_failure", "priority", "queue", "rate_limit", "run_dependents", "timeout",
)  # fmt: skip
"""The fields of a row that a schedule may set."""
TIMES = ("cron", "every", "at", "trigger", "timezone", "policy", "start", "end", "jitter", "from_end", "replace")
"""What else ``schedule`` takes, for somebody who has mistyped it."""


def schedule(
    task: FSMTask,
    name: str,
    trigger: triggers.Trigger,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    policies: Mapping[str, Any],
    replace: bool | Literal["error"] = True,
) -> Task | None:
    """Declare a schedule while apps load; write its row at once afterwards, where ``replace`` lets it.

    Raise TypeError for what is no setting of a schedule and for arguments that the function does not take,
    InvalidSetting for values that the row could not use, UnstorablePayload for arguments that cannot be stored, and
    TaskExists.
    """
    _refuse_unknown(task, name, policies)
    _check_replace(name, replace)
    schedule_settings.check(name, policies)
    _check_call(task, name, args, kwargs)
    declaration = Declaration(
        name=name,
        function=task.module_path,
        trigger=triggers.dump(trigger),
        args=tuple(checked(list(args), "args")),
        kwargs=checked(dict(kwargs), "kwargs"),
        policies={**registry.policies_of(task), **policies},
        requires=registry.requires_of(task),
    )
    if not apps.ready:
        registry.declare(declaration)
        return None
    from django_tasks_fsm.store.sync import write

    return write(declaration, replace)


def _check_replace(name: str, replace: Any) -> None:
    if replace not in (True, False, "error"):
        raise ValueError(f"The schedule {name!r} has replace={replace!r}; it is True, False or 'error'.")
    if replace is not True and not apps.ready:
        raise TypeError(
            f"The schedule {name!r} has replace={replace!r}, which is for schedules made at run time: one that is "
            "declared while Django starts is the row's as long as nobody changes it in the admin."
        )


def _check_call(task: FSMTask, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    context = (None,) if task.takes_context else ()
    try:
        inspect.signature(task.func).bind(*context, *args, **kwargs)
    except TypeError as error:
        raise TypeError(f"The schedule {name!r} does not fit {task.module_path}: {error}.") from None


def _refuse_unknown(task: FSMTask, name: str, policies: Mapping[str, Any]) -> None:
    if task.lifecycle is not None:
        raise TypeError(
            f"{task.module_path} is a service, which ticks by what @service(every=...) says, or its row in the admin; "
            f"it cannot have the schedule {name!r}. Start it by its task, from an ordinary task that has a schedule."
        )
    for given in policies:
        if given not in SETTINGS:
            known = ", ".join(SETTINGS)
            hint = did_you_mean(given, (*SETTINGS, *TIMES))
            raise TypeError(f"The schedule {name!r} has no setting {given!r}. Known: {known}.{hint}")
    executor = policies.get("executor", "")
    if executor != "" and (wrong := problem(executor, registry.is_async(task), conf.pools())):
        raise InvalidTask(f"The schedule {name!r}: {wrong}")
    for field in ("run_after", "key", "graph", "prerequisites"):
        if getattr(task, field):
            raise TypeError(f"The schedule {name!r} cannot keep {field!r} of using(): its runs are made later.")

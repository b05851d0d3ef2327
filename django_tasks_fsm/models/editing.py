"""Change fields of tasks as their form does: checked together, saved together, and noted against what code declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import connections
from django.utils.translation import gettext

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.payload import checked
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import FieldNotEditable, FunctionNotRegistered, InvalidTrigger, UnstorablePayload
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.limiting import lock_unlimited
from django_tasks_fsm.models.task import Origin, Task
from django_tasks_fsm.models.task_verbs import first_time, set_next_run
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import Change, Moved, record

if TYPE_CHECKING:
    from django_tasks_fsm.models.querysets import TaskQuerySet

ELSEWHERE: Mapping[str, str] = {
    "name": "A task keeps its name, by which code and its history know it; make another one.",
    "state": "Call a verb: pause, resume, retire or restore.",
    "next_run_at": "Call run_at().",
    "fired": "It is counted by firing, and begins anew with reschedule().",
    "paused_until": "Call pause(until=...).",
    "overrides": "They are noted by themselves.",
    **dict.fromkeys(("id", "pk", "origin", "created_at", "updated_at"), "It says where the row comes from."),
}
"""Fields that are not changed so, and what to do instead."""

PAYLOAD = {"args": list, "kwargs": dict}
CALL = {"function", "args", "kwargs"}


def note_overrides(task: Task, fields: Iterable[str]) -> None:
    """Remember on a task of code's which fields were changed, so that no sync changes them back; saves nothing."""
    if task.origin == Origin.CODE:
        task.overrides = sorted({*task.overrides, *fields})


def edit(rows: TaskQuerySet, fields: Mapping[str, Any], actor: Actor, reason: str) -> dict[Any, tuple[str, ...]]:
    """Change these fields of all rows, or of none, and return what has changed, by primary key."""
    for name in fields:
        _refuse(name)
    using = rows._alias
    return in_transaction(lambda: _edit(rows, fields, Change("update", actor, reason), using), using)


def _refuse(name: str) -> None:
    known = [field.name for field in Task._meta.concrete_fields if field.editable and field.name not in ELSEWHERE]
    if name in ELSEWHERE:
        raise FieldNotEditable(name, ELSEWHERE[name])
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise FieldNotEditable(name, f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}.")


def _edit(rows: TaskQuerySet, fields: Mapping[str, Any], change: Change, using: str) -> dict[Any, tuple[str, ...]]:
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    pks = list(rows.using(using).values_list("pk", flat=True))
    if fields.get("max_instances") or fields.get("rate_limit"):
        free = Task.objects.using(using).filter(pk__in=pks, max_instances=None, rate_limit="")
        lock_unlimited(list(free.values_list("pk", flat=True)), using)
    tasks = Task.objects.using(using).filter(pk__in=pks).order_by("pk").select_for_update()
    changed = {task: _take(task, fields) for task in tasks}
    for task, names in changed.items():
        if names:
            _save(task, names, change, using)
    return {task.pk: names for task, names in changed.items()}


def _take(task: Task, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the instance its new values and return which are new; raise ValidationError with every problem."""
    before = {name: getattr(task, name) for name in fields}
    problems: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            setattr(task, name, _clean(task, name, value))
        except (ValidationError, InvalidTrigger, UnstorablePayload, FunctionNotRegistered) as error:
            problems[name] = error.messages if isinstance(error, ValidationError) else [str(error)]
    if not problems:
        problems = _together(task, fields)
    if problems:
        raise ValidationError(problems)
    return tuple(name for name in fields if getattr(task, name) != before[name])


def _clean(task: Task, name: str, value: Any) -> Any:
    if name == "trigger":
        trigger = value if isinstance(value, triggers.Trigger) else triggers.load(value)
        return triggers.dump(trigger)
    if name in PAYLOAD:
        if not isinstance(value, PAYLOAD[name]):
            raise ValidationError(gettext("The arguments must be a list, and the keyword arguments an object."))
        return checked(value, name, conf.options().max_payload_bytes)
    if name == "function" and value != task.function:
        if task.origin == Origin.CODE:
            raise ValidationError(gettext("Code declares the function of this task."))
        registry.find(value)
    field: Any = Task._meta.get_field(name)
    if name == "timeout" and isinstance(value, int | float) and value <= 0:
        raise ValidationError(gettext("A timeout is longer than zero seconds."))
    return value if field.null and value is None else field.clean(value, task)


def _together(task: Task, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is wrong with values that belong together."""
    others = [field.name for field in task._meta.fields if field.name not in fields]
    try:
        task.full_clean(exclude=others, validate_unique=False)
    except ValidationError as error:
        return error.message_dict
    if {"catch_up", "catch_up_cap", "misfire_grace"} & set(fields):
        try:
            _ = task.misfire_policy
        except InvalidTrigger as error:
            return {"catch_up_cap": [str(error)]}
    return _call_problem(task) if CALL & set(fields) else {}


def _call_problem(task: Task) -> dict[str, Any]:
    """Bind the arguments to the function's parameters, as the call would."""
    try:
        declared = registry.find(task.function)
        context = (None,) if declared.takes_context else ()
        inspect.signature(declared.func).bind(*context, *task.args, **task.kwargs)
    except FunctionNotRegistered:
        return {}
    except TypeError as error:
        return {"args": [gettext("The function does not take these arguments: %(error)s.") % {"error": error}]}
    return {}


def _save(task: Task, names: tuple[str, ...], change: Change, using: str) -> None:
    note_overrides(task, names)
    task.save(using=using, update_fields=[*names, "overrides", "updated_at"])
    if "trigger" in names:
        _keep_time(task, using)
    told = ", ".join(names)
    reason = f"{told}: {change.reason}" if change.reason else told
    kept = Moved(task.pk, change.event, task.state, task.state)
    record(Task, Change(change.event, change.actor, reason, detail={"fields": list(names)}), [kept], using)


def _keep_time(task: Task, using: str) -> None:
    """Leave the next time, unless there is none yet or the trigger has none any more."""
    first = first_time(task, for_alias(using).now())
    if task.next_run_at is None or first is None:
        set_next_run(task, first, using)

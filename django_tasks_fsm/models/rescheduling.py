"""Give tasks another trigger, in whatever words it was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from django.db import connections

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.core.triggers import Trigger
from django_tasks_fsm.core.triggers.request import trigger_for
from django_tasks_fsm.core.triggers.words import KINDS, by_kind
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.editing import note_overrides
from django_tasks_fsm.models.moments import instant, stored
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.task_verbs import move_tasks
from django_tasks_fsm.models.transitions import Change, Moved, record

if TYPE_CHECKING:
    from django_tasks_fsm.models.querysets import Report, TaskQuerySet

MOST_NAMES = 5_000
"""Names among which the nearest is looked for."""

Build = Callable[[str], Trigger]
"""Takes the name of a task, from which H in its cron expression follows."""


def without_name(task: Task, words: Sequence[Any], said: Mapping[str, Any]) -> Sequence[Any]:
    """Drop the task's own name in front of what was said of it; raise InvalidTrigger for the name of another."""
    if not words or not isinstance(words[0], str):
        return words
    name = words[0]
    is_kind = len(words) == 1 and not {"trigger", "cron", "every"} & set(said) and (name in KINDS or name != task.name)
    if not is_kind and name != task.name:
        raise InvalidTrigger(
            f"This is the task {task.name!r}; for another one call Task.objects.reschedule({name!r}, …)."
        )
    return words if is_kind else words[1:]


def narrowed(rows: TaskQuerySet, words: Sequence[Any]) -> tuple[TaskQuerySet, Sequence[Any]]:
    """Return the rows that a task, or the name of one, in front leaves, and the other words; raise DoesNotExist."""
    if not words or not isinstance(words[0], str | Task):
        return rows, words
    name = words[0] if isinstance(words[0], str) else words[0].name
    found = rows.filter(name=name)
    if not found.using(rows._alias).exists():
        names = list(rows.using(rows._alias).order_by("name").values_list("name", flat=True)[:MOST_NAMES])
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        raise Task.DoesNotExist(f"There is no task {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    return found, words[1:]


def reschedule(rows: TaskQuerySet, words: Sequence[Any], said: Mapping[str, Any], actor: Actor, reason: str) -> Report:
    """Do what was said in these words to all rows that can be rescheduled."""
    if len(words) == 1 and isinstance(words[0], datetime) and not said:
        return rows.run_at(words[0], actor=actor, reason=reason)
    build, change = wanted(words, said), Change("reschedule", actor, reason)
    build("any")  # what cannot be used is told also where there is nothing to change
    return rows._each_batch(lambda pks: (give_trigger(pks, build, change, rows._alias), ()))


def wanted(words: Sequence[Any], said: Mapping[str, Any]) -> Build:
    """Return what builds the trigger that was said, by a kind or a Trigger, or by keywords alone."""
    if len(words) > 1:
        raise InvalidTrigger(f"One trigger is needed, not {len(words)}: {', '.join(map(repr, words))}.")
    given = {word: _instant(value) for word, value in said.items()}
    kind = words[0] if words else given.pop("trigger", None)
    if isinstance(kind, str):
        return lambda name: by_kind(name, kind, given)
    return lambda name: trigger_for(name, trigger=kind, **given)


def _instant(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) and not conf.uses_time_zones() else value


def first_of(trigger: Trigger, name: str, now: datetime) -> datetime | None:
    """Return the first time of a trigger, None for one that no time fires; raise InvalidTrigger where none is left."""
    found = trigger.next_after(None, now)
    if found is None and not trigger.worker_events and not isinstance(trigger, triggers.Manual):
        raise InvalidTrigger(f"Task {name!r} would never fire: there is no time after now ({trigger.describe()}).")
    return found


def give_trigger(pks: Sequence[Any], build: Build, change: Change, using: str) -> tuple[Moved, ...]:
    """Change trigger and next time of ACTIVE and EXHAUSTED tasks, and take the latter back into service.

    Needs an open transaction.
    """
    for_alias(using).lock_for_writing(connections[using].ops.quote_name(Task._meta.db_table))
    fit = (TaskState.ACTIVE.value, TaskState.EXHAUSTED.value)
    tasks = list(Task.objects.using(using).filter(pk__in=pks, state__in=fit).order_by("pk").select_for_update())
    now = instant(for_alias(using).now())
    # All of them before the first one is written: of several tasks none is changed where one cannot be.
    built = [(task, build(task.name)) for task in tasks]
    firsts = [first_of(trigger, task.name, now) for task, trigger in built]
    return tuple(
        _give(task, trigger, first, change, using) for (task, trigger), first in zip(built, firsts, strict=True)
    )


def _give(task: Task, trigger: Trigger, first: datetime | None, change: Change, using: str) -> Moved:
    told = replace(change, detail={"trigger": triggers.dump(trigger), "was": task.trigger})
    task.trigger = triggers.dump(trigger)
    note_overrides(task, ["trigger"])
    task.save(using=using, update_fields=["trigger", "overrides", "updated_at"])
    is_service = registry.lifecycle_of(task.function) is not None  # its trigger says when it ticks, and fires nothing
    values = {"next_run_at": None if first is None or is_service else stored(first), "fired": 0}
    if task.state == TaskState.EXHAUSTED:
        (moved,) = move_tasks([task.pk], replace(told, values=values), using)
        return moved
    kept = Moved(task.pk, change.event, task.state, task.state)
    Task.objects.using(using).filter(pk=task.pk).update(**values)
    record(Task, told, [kept], using)
    return kept

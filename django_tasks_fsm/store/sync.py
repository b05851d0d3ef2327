"""Bring the rows of tasks in line with what code declares; what a person changed stays changed, field by field."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Literal

from django.db import IntegrityError, router, transaction
from django.db.models import Q

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import TaskExists
from django_tasks_fsm.models import Queue, Task, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.task import Origin, manual_trigger
from django_tasks_fsm.models.task_verbs import begin_anew, first_time
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.registry import Declaration
from django_tasks_fsm.store.sync_edges import sync_edges

Replace = bool | Literal["error"]
GONE = "no longer declared in code"
FOREIGN = (
    "The task %r was made in the database, by a person or at run time, so what code declares under that name does "
    "not change it. Rename or delete it, or declare another name."
)

logger = logging.getLogger("django_tasks_fsm")


def sync(using: str, *, only_new: bool = False) -> None:
    """Write every registered function and declared schedule, make the declared queues, retire what is gone from code.

    A retired task keeps its row and its runs; it comes back when its declaration does. ``only_new`` makes what is
    missing and changes nothing else: a process that merely starts may be the one that runs the older code. A task that
    a person made under a declared name is theirs: it is left as it is, and named in the log.
    """
    for name in in_transaction(lambda: _sync(registry.wanted().values(), only_new, using), using):
        logger.warning(FOREIGN, name)


def _sync(wanted: Iterable[Declaration], only_new: bool, using: str) -> list[str]:
    for queue in sorted(conf.declared_queues()):
        Queue.objects.using(using).get_or_create(name=queue)
    origins = dict(Task.objects.using(using).values_list("name", "origin"))
    foreign = [each.name for each in wanted if origins.get(each.name) == Origin.DATABASE]
    left_alone = origins.keys() if only_new else foreign
    ours = [declaration for declaration in wanted if declaration.name not in left_alone]
    for declaration in ours:
        _write(declaration, using)
    sync_edges(ours, using)
    if only_new:
        return []
    _retire_all_but(wanted, using)
    return foreign


def _retire_all_but(wanted: Iterable[Declaration], using: str) -> None:
    names = [declaration.name for declaration in wanted]
    gone = Task.objects.using(using).filter(origin=Origin.CODE.value).exclude(name__in=names)
    # A function that cannot be imported today may come back with the next deploy: only schedules are put away.
    # Of a service that has another name now, the row of the old one would start a second run beside the new one's.
    fired = gone.filter(~Q(trigger=manual_trigger()) | Q(function__in=registry.services()))
    known = fired.filter(function__in=registry.names())
    known.exclude(state=TaskState.RETIRED.value).retire(actor=Actor.system(), reason=GONE)


def write(declaration: Declaration, replace: Replace = True) -> Task:
    """Write the row of a schedule that is made at run time and return it; no sync puts it away again.

    A row of this name is changed, or with ``replace=False`` returned as it is; with "error" TaskExists is raised.
    """
    using = router.db_for_write(Task)

    def work() -> Task:
        stays = not replace and Task.objects.using(using).filter(name=declaration.name).exists()
        task = _write(declaration, using, Origin.DATABASE, replace)
        if not stays:
            sync_edges([declaration], using)
        return task

    return in_transaction(work, using)


def _write(declaration: Declaration, using: str, origin: Origin = Origin.CODE, replace: Replace = True) -> Task:
    values = declaration.values
    task = Task.objects.using(using).filter(name=declaration.name).first()
    if task is None:
        task = Task(name=declaration.name, origin=origin.value, **values)
        try:
            with transaction.atomic(using=using):
                task.save(using=using, force_insert=True)
        except IntegrityError:  # another process has just made it; what it declares is what this one does
            _refuse(declaration, replace)
            return Task.objects.using(using).get(name=declaration.name)
        task.refresh_from_db()
        return task
    _refuse(declaration, replace)
    if replace:
        _update(task, values, using)
    return task


def _refuse(declaration: Declaration, replace: Replace) -> None:
    if replace == "error":
        raise TaskExists(declaration.name)


def _update(task: Task, values: dict[str, Any], using: str) -> None:
    changed = [name for name, value in values.items() if name not in task.overrides and getattr(task, name) != value]
    for name in changed:
        setattr(task, name, values[name])
    if changed:
        task.save(using=using, update_fields=[*changed, "updated_at"])
    if task.state == TaskState.RETIRED and task.origin == Origin.CODE:
        _bring_back(task, using)
    elif "trigger" in changed:
        _set_time(task, using)
    task.refresh_from_db()


def _bring_back(task: Task, using: str) -> None:
    retired = Transition.objects.using(using).filter(task=task, event="retire").order_by("pk").last()
    if retired is None or retired.reason == GONE:  # what a person has put away stays away
        Task.objects.using(using).filter(pk=task.pk).restore(reason="declared in code again")


def _set_time(task: Task, using: str) -> None:
    at = first_time(task, for_alias(using).now())
    if task.state == TaskState.EXHAUSTED and at is not None:
        Task.objects.using(using).filter(pk=task.pk).run_at(at, reason="code gave it another trigger")
    else:
        begin_anew(task, at, using)

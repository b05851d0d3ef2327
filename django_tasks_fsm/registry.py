"""The functions that rows may name. No import path in a row is ever followed: what is not here does not run."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any
from weakref import WeakSet

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import autodiscover_modules, module_has_submodule

from django_tasks_fsm import conf
from django_tasks_fsm.core import schedule_settings, triggers
from django_tasks_fsm.core.concurrency_key import concurrency_key
from django_tasks_fsm.core.executors import default_for
from django_tasks_fsm.exceptions import FunctionNotRegistered, NameTaken
from django_tasks_fsm.lifecycle import Lifecycle
from django_tasks_fsm.requirements import Requirement
from django_tasks_fsm.tasks_api import Task

_functions: dict[str, Task] = {}
_names: dict[str, str] = {}
_replaced: WeakSet[Callable[..., Any]] = WeakSet()
_schedules: dict[str, Declaration] = {}
_scheduled: dict[str, Callable[..., Any]] = {}

POLICIES = (
    "takes_context", "max_attempts", "backoff", "retry_on", "give_up_on", "timeout", "cancel_on_exception", "on_lost",
    "cancel_on_result", "track", "requires", "on_prerequisite_failure", "run_dependents", "executor", "log_level",
    "max_instances", "concurrency", "rate_limit", "on_overlap", "min_interval",
    "atomic", "lifecycle", "names",
)  # fmt: skip
"""What belongs to a function, whoever enqueues it: a worker finds it by the function's name only."""

ROW_POLICIES = (
    "max_attempts", "timeout", "on_lost", "cancel_on_exception", "on_prerequisite_failure", "run_dependents",
    "max_instances", "concurrency", "rate_limit", "on_overlap", "min_interval",
)  # fmt: skip
"""Those of them that stand in the row too, where a person may change them."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A schedule that code declares: the Task row of this name fires ``function`` by ``trigger``."""

    name: str
    function: str
    trigger: Mapping[str, Any]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[Requirement, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """Return what the row holds, by field."""
        own = {"function": self.function, "trigger": dict(self.trigger)}
        return {**own, "args": list(self.args), "kwargs": dict(self.kwargs), **self.policies}


def register(task: Task) -> None:
    """Make a task's function known by its module path, and by the other names that it declares.

    The first task of a function stays, because ``using()`` makes copies; raise NameTaken for one that differs in its
    policies, and for a name that another function has. A module that is loaded again brings a new function, which takes
    the place of the old one for good.
    """
    known = _functions.get(task.module_path)
    if known is not None and known.func is task.func:
        _refuse_other_policies(known, task)
    elif known is None or task.func not in _replaced:
        _refuse_taken_names(task)
        if known is not None:
            _replaced.add(known.func)
        _functions[task.module_path] = task
        _names.update(dict.fromkeys(_other_names(task), task.module_path))


def _refuse_other_policies(known: Task, task: Task) -> None:
    for name in POLICIES:
        first, second = (getattr(one, name, None) for one in (known, task))
        if first != second and type(known) is type(task):
            raise NameTaken(task.module_path, f"a task with {name}={first!r}", f"one with {name}={second!r}")


def _refuse_taken_names(task: Task) -> None:
    for name in (task.module_path, *_other_names(task)):
        if get(name) is not None and own_name(name) != task.module_path:
            raise NameTaken(name, own_name(name), task.module_path)


def _other_names(task: Task) -> tuple[str, ...]:
    return getattr(task, "names", ())


def get(name: str) -> Task | None:
    """Return the task that a row means by ``name``: its module path, or another of its names."""
    task = _functions.get(name)
    if task is None:
        task = _functions.get(_names.get(name, ""))
        # A module that was loaded again may have dropped the name.
        return task if task is not None and name in _other_names(task) else None
    return task


def find(name: str) -> Task:
    """Return the task registered as ``name``; raise FunctionNotRegistered."""
    task = get(name)
    if task is None:
        raise FunctionNotRegistered(name)
    return task


def own_name(name: str) -> str:
    """Return the module path of the function that has this name; the name itself where none has."""
    return name if name in _functions or get(name) is None else _names[name]


def names() -> list[str]:
    """Return all names by which rows may name functions."""
    return [name for path, task in _functions.items() for name in (path, *_other_names(task))]


def policies_of(task: Task) -> dict[str, Any]:
    """Return what a row takes over from the declaration of its function; plain Django tasks have less."""
    own = {name: getattr(task, name) for name in ROW_POLICIES if hasattr(task, name)}
    # Not the declared executor: empty in the row means what the code says at the time, also after the next deploy.
    ticks = {} if getattr(task, "lifecycle", None) is None else {"trigger": _trigger_of(task)}
    return {"queue": task.queue_name, "priority": task.priority, "executor": "", **ticks, **own}


def executor_of(task: Task) -> str:
    """Return the executor that a function declares, or has by its kind."""
    life = getattr(task, "lifecycle", None)
    if life is not None:
        return str(life.executor)
    return getattr(task, "executor", None) or default_for(is_async(task))


def is_async(task: Task) -> bool:
    """Tell whether the function of a task has to be awaited."""
    life = getattr(task, "lifecycle", None)
    return inspect.iscoroutinefunction(task.func) if life is None else bool(life.is_async)


def lifecycle_of(function: str) -> Lifecycle | None:
    """Return how the service ``function`` lives; None for what is no service, or not registered here."""
    return getattr(get(function), "lifecycle", None)


def services() -> list[str]:
    """Return the functions of the services that workers start by themselves, by all of their names."""
    lives = {name: lifecycle_of(name) for name in names()}
    return sorted(name for name, life in lives.items() if life is not None and life.autostart)


def concurrency_key_of(function: str, args: Any, kwargs: Any) -> str | None:
    """Return the concurrency key of a run of ``function``; None where it declares none, or is not registered here."""
    return concurrency_key(getattr(get(function), "concurrency_key", None), args, kwargs)


def requires_of(task: Task) -> tuple[Requirement, ...]:
    """Return what the runs of a task wait for by its declaration."""
    return getattr(task, "requires", ())


def wanted() -> dict[str, Declaration]:
    """Return every row that code declares, by name: schedules, and functions that have no schedule of their name."""
    plain = {
        name: Declaration(name, name, _trigger_of(task), policies=policies_of(task), requires=requires_of(task))
        for name, task in _functions.items()
    }
    return {**plain, **_schedules}


def _trigger_of(task: Task) -> dict[str, Any]:
    life: Lifecycle | None = getattr(task, "lifecycle", None)
    if life is None or not life.trigger:
        return triggers.dump(triggers.Manual())
    ticks: dict[str, Any] = json.loads(life.trigger)
    return ticks


def functions() -> Mapping[str, Task]:
    """Return all registered tasks by name."""
    return MappingProxyType(_functions)


def declare(declaration: Declaration) -> None:
    """Remember a schedule until it is synced; raise NameTaken for another one of its name, and InvalidSetting.

    A module that is loaded again may declare its schedules again, and otherwise than before.
    """
    schedule_settings.check(declaration.name, declaration.policies)
    known, task = _schedules.get(declaration.name), _functions.get(declaration.function)
    again = known == declaration or _scheduled.get(declaration.name) in _replaced
    if known is not None and not again:
        raise NameTaken(declaration.name, f"a schedule of {known.function}", f"another one of {declaration.function}")
    _schedules[declaration.name] = declaration
    if task is not None:
        _scheduled[declaration.name] = task.func


def declarations() -> Mapping[str, Declaration]:
    """Return all declared schedules by name."""
    return MappingProxyType(_schedules)


def discover() -> None:
    """Import the ``tasks`` module of each app and the modules of OPTIONS['TASK_MODULES'], and register what they hold.

    Tasks of Django's own class, made for another backend and sent here by ``using(backend=...)``, are found too.
    """
    autodiscover_modules("tasks")
    names = [f"{app.name}.tasks" for app in apps.get_app_configs() if module_has_submodule(app.module, "tasks")]
    for module in (*map(import_module, names), *map(_listed, _task_modules())):
        for value in list(vars(module).values()):
            if isinstance(value, Task):
                register(value)


def _task_modules() -> Iterable[str]:
    try:
        return conf.options().task_modules
    except ImproperlyConfigured:
        return ()  # check E001 says why, which it could not if Django did not start


def _listed(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there, and imports what is not
        raise ImproperlyConfigured(f"OPTIONS['TASK_MODULES'] names {name!r}, which cannot be found.") from error

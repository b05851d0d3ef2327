"""The functions that rows may name. No import path in a row is ever followed: what is not here does not run."""

from __future__ import annotations

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
from django_tasks_fsm.core import triggers
from django_tasks_fsm.exceptions import FunctionNotRegistered, NameTaken
from django_tasks_fsm.requirements import Requirement
from django_tasks_fsm.tasks_api import Task

_functions: dict[str, Task] = {}
_replaced: WeakSet[Callable[..., Any]] = WeakSet()
_schedules: dict[str, Declaration] = {}
_scheduled: dict[str, Callable[..., Any]] = {}

POLICIES = (
    "takes_context", "max_attempts", "backoff", "retry_on", "give_up_on", "timeout", "cancel_on_exception", "on_lost",
    "cancel_on_result", "track", "requires", "on_prerequisite_failure", "run_dependents", "executor",
)  # fmt: skip
"""What belongs to a function, whoever enqueues it: a worker finds it by the function's name only."""

ROW_POLICIES = (
    "max_attempts", "timeout", "on_lost", "cancel_on_exception", "on_prerequisite_failure", "run_dependents",
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
    """Make a task's function known by its module path.

    The first task of a function stays, because ``using()`` makes copies; raise NameTaken for one that differs in its
    policies. A module that is loaded again brings a new function, which takes the place of the old one for good.
    """
    known = _functions.setdefault(task.module_path, task)
    if known.func is task.func:
        _refuse_other_policies(known, task)
    elif task.func not in _replaced:
        _replaced.add(known.func)
        _functions[task.module_path] = task


def _refuse_other_policies(known: Task, task: Task) -> None:
    for name in POLICIES:
        first, second = (getattr(one, name, None) for one in (known, task))
        if first != second and type(known) is type(task):
            raise NameTaken(task.module_path, f"a task with {name}={first!r}", f"one with {name}={second!r}")


def find(name: str) -> Task:
    """Return the task registered as ``name``; raise FunctionNotRegistered."""
    try:
        return _functions[name]
    except KeyError:
        raise FunctionNotRegistered(name) from None


def policies_of(task: Task) -> dict[str, Any]:
    """Return what a row takes over from the declaration of its function; plain Django tasks have less."""
    own = {name: getattr(task, name) for name in ROW_POLICIES if hasattr(task, name)}
    return {"queue": task.queue_name, "priority": task.priority, **own}


def requires_of(task: Task) -> tuple[Requirement, ...]:
    """Return what the runs of a task wait for by its declaration."""
    return getattr(task, "requires", ())


def wanted() -> dict[str, Declaration]:
    """Return every row that code declares, by name: schedules, and functions that have no schedule of their name."""
    plain = {
        name: Declaration(
            name, name, triggers.dump(triggers.Manual()), policies=policies_of(task), requires=requires_of(task)
        )
        for name, task in _functions.items()
    }
    return {**plain, **_schedules}


def functions() -> Mapping[str, Task]:
    """Return all registered tasks by name."""
    return MappingProxyType(_functions)


def declare(declaration: Declaration) -> None:
    """Remember a schedule until it is synced; raise NameTaken for another one of its name.

    A module that is loaded again may declare its schedules again, and otherwise than before.
    """
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

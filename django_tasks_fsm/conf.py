"""The app's options, read from ``TASKS[alias]["OPTIONS"]`` into one frozen object."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_tasks_fsm.core import executors
from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.core.states import FINAL


@dataclass(frozen=True)
class Options:
    """What a project may set; the key in ``OPTIONS`` is the field's name in capitals."""

    lease_seconds: float = 60.0
    """A worker whose heartbeat is older than this (database clock) is lost and its runs are rescued."""
    heartbeat_seconds: float | None = None
    """Time between two heartbeats; a quarter of the lease when not set."""
    min_interval: float = 0.01
    """Seconds between two starts of a run that reschedules itself, where its task does not say; 0 for none."""
    max_losses: int = 3
    """A run that has taken this many workers down with it is FAILED as poison."""
    max_payload_bytes: int = 1_000_000
    """The largest arguments or result of one run, as JSON."""
    task_modules: tuple[str, ...] = ()
    """Modules with tasks beside the ``tasks`` module of each installed app."""
    retention_days: Mapping[str, float | None] = field(default_factory=dict)
    """Days to keep finished runs by state, such as ``{"DONE": 7}``; what is not named is kept for ever."""
    graph_engine: str = "auto"
    """Who lays graphs out: ``auto``, ``builtin`` or ``graphviz``."""
    log_level: str = "INFO"
    """The least level of the records of ``logging`` that are kept with the run that made them; ``OFF`` keeps none."""
    log_lines: int = 1_000
    """The most lines that are kept of one run; the oldest are dropped."""
    log_bytes: int = 256_000
    """The most bytes of such lines that are kept of one run."""
    process_workers: int | None = None
    """Child processes of one worker for ``executor="process"``; as many as its ``--concurrency`` when not set."""
    executors: Mapping[str, str] = field(default_factory=dict)
    """Pools by the name that ``@task(executor=...)`` gives: paths of what makes a concurrent.futures.Executor."""
    plugins: tuple[str, ...] = ()
    """Paths of classes whose objects live as long as a worker: ``start(worker)``, ``stop(timeout)``."""
    saturation_seconds: float = 10.0
    """A worker without a free slot is saturated when a run of its queues has been due for longer than this."""

    max_messages: int = 100
    """How many messages may wait for one run; a further one is refused with QueueFull."""

    @property
    def lease(self) -> timedelta:
        """Return the lease as a duration."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def heartbeat(self) -> float:
        """Return the seconds between two heartbeats."""
        return self.heartbeat_seconds or self.lease_seconds / 4


def backends() -> dict[str, Mapping[str, Any]]:
    """Return the entries of ``settings.TASKS`` whose backend is ours, or derives from ours, by alias."""
    return {alias: entry for alias, entry in getattr(settings, "TASKS", {}).items() if _is_ours(entry)}


def _is_ours(entry: Mapping[str, Any]) -> bool:
    path = entry.get("BACKEND", "")
    if path == "django_tasks_fsm.backend.FSMBackend":
        return True
    try:
        return any(base.__module__ == "django_tasks_fsm.backend" for base in import_string(path).__mro__)
    except (ImportError, AttributeError):
        return False  # Django's own check reports a backend that cannot be imported


def parse(raw: Mapping[str, Any], path: str) -> Options:
    """Return the options of one backend; raise ImproperlyConfigured that names ``path`` and the bad key or value."""
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured(f"{path} must be a dict, not {raw!r}.")
    known = {option.name.upper(): option.name for option in fields(Options)}
    for key in raw:
        if key not in known:
            near = get_close_matches(str(key).upper(), known, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}."
            raise ImproperlyConfigured(f"{path}[{key!r}] is not an option of django_tasks_fsm.{hint}")
    options = Options(**{known[key]: value for key, value in raw.items()})
    _validate_numbers(options, path)
    _validate_words(options, path)
    _validate_retention(options, path)
    _validate_executors(options, path)
    _validate_plugins(options, path)
    return options


def _validate_numbers(options: Options, path: str) -> None:
    for name in (
        "lease_seconds", "max_losses", "max_payload_bytes", "max_messages", "heartbeat_seconds", "log_lines",
        "log_bytes", "saturation_seconds",
    ):  # fmt: skip
        value = getattr(options, name)
        optional = name == "heartbeat_seconds" and value is None
        if not optional and not (_is_number(value) and 0 < value < math.inf):
            raise ImproperlyConfigured(f"{path}[{name.upper()!r}] must be a number above zero, not {value!r}.")
    if not (_is_number(options.min_interval) and 0 <= options.min_interval < math.inf):
        raise ImproperlyConfigured(f"{path}['MIN_INTERVAL'] must be a number of seconds, not {options.min_interval!r}.")
    if options.heartbeat > options.lease_seconds / 2:
        raise ImproperlyConfigured(f"{path}['HEARTBEAT_SECONDS'] must be at most half of LEASE_SECONDS.")


def _validate_words(options: Options, path: str) -> None:
    modules: Any = options.task_modules
    if not isinstance(modules, (list, tuple, set)) or not all(isinstance(name, str) for name in modules):
        raise ImproperlyConfigured(f"{path}['TASK_MODULES'] must be a list of module names, not {modules!r}.")
    if options.graph_engine not in ("auto", "builtin", "graphviz"):
        raise ImproperlyConfigured(f"{path}['GRAPH_ENGINE'] must be 'auto', 'builtin' or 'graphviz'.")
    if options.log_level not in LEVELS:
        words = ", ".join(LEVELS)
        raise ImproperlyConfigured(f"{path}['LOG_LEVEL'] must be one of {words}, not {options.log_level!r}.")


def _validate_retention(options: Options, path: str) -> None:
    if not isinstance(options.retention_days, Mapping):
        raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'] must be a dict, not {options.retention_days!r}.")
    for state, days in options.retention_days.items():
        if state not in [final.value for final in FINAL]:
            known = ", ".join(sorted(final.value for final in FINAL))
            raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'] has {state!r}. The final states are: {known}.")
        if days is not None and not (_is_number(days) and 0 <= days < 1e6):
            raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'][{state!r}] must be a number of days, not {days!r}.")


def _validate_executors(options: Options, path: str) -> None:
    number: Any = options.process_workers
    if number is not None and not (isinstance(number, int) and not isinstance(number, bool) and number > 0):
        raise ImproperlyConfigured(f"{path}['PROCESS_WORKERS'] must be a whole number above zero, not {number!r}.")
    named: Any = options.executors
    if not isinstance(named, Mapping):
        raise ImproperlyConfigured(f"{path}['EXECUTORS'] must be a dict, not {named!r}.")
    for name, factory in named.items():
        if not isinstance(name, str) or not executors.NAME.fullmatch(name) or name in executors.BUILTIN:
            taken = ", ".join(executors.BUILTIN)
            raise ImproperlyConfigured(
                f"{path}['EXECUTORS'] has {name!r}. A name has small letters, digits, hyphens and underscores, begins "
                f"with a letter, and is none of {taken}."
            )
        if not isinstance(factory, str) or "." not in factory:
            raise ImproperlyConfigured(f"{path}['EXECUTORS'][{name!r}] must be a dotted path, not {factory!r}.")


def _validate_plugins(options: Options, path: str) -> None:
    named: Any = options.plugins
    if not isinstance(named, (list, tuple)):
        raise ImproperlyConfigured(f"{path}['PLUGINS'] must be a list of dotted paths, not {named!r}.")
    for plugin in named:
        if not isinstance(plugin, str) or "." not in plugin:
            raise ImproperlyConfigured(f"{path}['PLUGINS'] has {plugin!r}, which is not a dotted path.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@cache
def options() -> Options:
    """Return the options of the first backend of ours in ``settings.TASKS``; the defaults where there is none."""
    for alias, entry in backends().items():
        return parse(entry.get("OPTIONS", {}), f"TASKS[{alias!r}]['OPTIONS']")
    return Options()


def pools() -> tuple[str, ...]:
    """Return the names of OPTIONS['EXECUTORS']; none where check E001 says what is wrong with the options."""
    try:
        return tuple(options().executors)
    except ImproperlyConfigured:
        return ()


@cache
def aliases() -> tuple[str, ...]:
    """Return the aliases of our backends in the order of the settings."""
    return tuple(backends())


def declared_queues() -> set[str]:
    """Return the queue names that the settings of our backends list."""
    return {queue for entry in backends().values() for queue in entry.get("QUEUES", ["default"])}


def uses_time_zones() -> bool:
    """Return ``settings.USE_TZ``: whether the database holds UTC or local time without a zone."""
    return bool(settings.USE_TZ)


def debug() -> bool:
    """Return ``settings.DEBUG``."""
    return bool(settings.DEBUG)


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "TASKS":
        options.cache_clear()
        aliases.cache_clear()


setting_changed.connect(_forget, dispatch_uid="django_tasks_fsm.conf")

"""The app's options, read from ``TASKS[alias]["OPTIONS"]`` into one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from django_tasks_fsm import option_rules
from django_tasks_fsm.core.nearest import did_you_mean


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

    sensitive: tuple[str, ...] = ()
    """Words of names, beside ``password``, ``token`` and their like, under which payloads are shown masked."""
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
    entries = getattr(settings, "TASKS", {})
    if not isinstance(entries, Mapping):
        raise ImproperlyConfigured(f"TASKS must be a dict of backends by their alias, not {entries!r}.")
    return {alias: entry for alias, entry in entries.items() if isinstance(entry, Mapping) and _is_ours(entry)}


def _is_ours(entry: Mapping[str, Any]) -> bool:
    path = entry.get("BACKEND", "")
    if path == "django_tasks_fsm.backend.FSMBackend":
        return True
    try:
        return any(base.__module__ == "django_tasks_fsm.backend" for base in import_string(path).__mro__)
    except (ImportError, AttributeError, TypeError, ValueError):
        return False  # Django's own check reports a backend that cannot be imported


def parse(raw: Mapping[str, Any], path: str) -> Options:
    """Return the options of one backend; raise ImproperlyConfigured that names ``path`` and the bad key or value."""
    if not isinstance(raw, Mapping):
        raise ImproperlyConfigured(f"{path} must be a dict, not {raw!r}.")
    known = {option.name.upper(): option.name for option in fields(Options)}
    for key in raw:
        if key not in known:
            hint = did_you_mean(key, known) or f" Known: {', '.join(sorted(known))}."
            raise ImproperlyConfigured(f"{path}[{key!r}] is not an option of django_tasks_fsm.{hint}")
    options = Options(**{known[key]: value for key, value in raw.items()})
    option_rules.check(options, path)
    return options


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
    found = {alias: entry.get("QUEUES", ["default"]) for alias, entry in backends().items()}
    for alias, queues in found.items():
        option_rules.check_queues(queues, f"TASKS[{alias!r}]['QUEUES']")
    return {queue for queues in found.values() for queue in queues}


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

"""System checks: what in settings or in the environment will hurt, and what to type instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.names import QUEUE_NAME
from django_tasks_fsm.exceptions import InvalidTrigger


def register() -> None:
    """Register the checks with Django."""
    checks.register(check_other_runworker)
    checks.register(check_installed)
    checks.register(check_schedules)
    checks.register(check_pools)
    checks.register(check_databases, checks.Tags.database)


def check_backend(alias: str, options: Mapping[str, Any], queues: Iterable[Any]) -> list[checks.CheckMessage]:
    """Report options unknown (E001), unread (W006) or leading nowhere (E005), bad queues (E002), no app (E004)."""
    messages = [*_check_app(alias), *_check_second(alias, options)]
    try:
        parsed = conf.parse(options, f"TASKS[{alias!r}]['OPTIONS']")
        messages += [*_check_executors(parsed, alias), *_check_plugins(parsed, alias)]
    except ImproperlyConfigured as error:
        messages.append(checks.Error(str(error), hint="Correct the key or value named.", id="django_tasks_fsm.E001"))
    for queue in queues:
        if not isinstance(queue, str) or not QUEUE_NAME.fullmatch(queue):
            messages.append(
                checks.Error(
                    f"TASKS[{alias!r}]['QUEUES'] holds {queue!r}, which is not a queue name.",
                    hint="Use 1 to 64 letters, digits, dots, hyphens or underscores.",
                    id="django_tasks_fsm.E002",
                )
            )
    return messages


def _check_executors(options: conf.Options, alias: str) -> Iterator[checks.CheckMessage]:
    for name, path in options.executors.items():
        try:
            found = callable(import_string(path))
        except ImportError:
            found = False
        if not found:
            yield checks.Error(
                f"TASKS[{alias!r}]['OPTIONS']['EXECUTORS'][{name!r}] is {path!r}, which is nothing that can be called.",
                hint="Name a function, or a class, that returns a concurrent.futures.Executor.",
                id="django_tasks_fsm.E005",
            )


def _check_plugins(options: conf.Options, alias: str) -> Iterator[checks.CheckMessage]:
    for path in options.plugins:
        try:
            plugin = import_string(path)
        except ImportError:
            plugin = None
        if not all(callable(getattr(plugin, name, None)) for name in ("start", "stop")):
            yield checks.Error(
                f"TASKS[{alias!r}]['OPTIONS']['PLUGINS'] has {path!r}, which is no class with start and stop.",
                hint="Name a class whose objects have start(worker) and stop(timeout).",
                id="django_tasks_fsm.E005",
            )


def _check_app(alias: str) -> Iterator[checks.CheckMessage]:
    # Django asks the backend, so this is heard although the app, whose own checks are not, is missing.
    if not apps.is_installed("django_tasks_fsm"):
        yield checks.Error(
            f"TASKS[{alias!r}] uses django_tasks_fsm, which is not installed: its tables are missing.",
            hint='Add "django_tasks_fsm" to INSTALLED_APPS and run "manage.py migrate".',
            id="django_tasks_fsm.E004",
        )


def _check_second(alias: str, options: Mapping[str, Any]) -> Iterator[checks.CheckMessage]:
    first = next(iter(conf.backends()), alias)
    if alias != first and options and options != conf.backends()[first].get("OPTIONS"):
        yield checks.Warning(
            f"TASKS[{alias!r}]['OPTIONS'] is not read: all backends of this app share the runs and the workers.",
            hint=f"Move what it says to TASKS[{first!r}]['OPTIONS'].",
            id="django_tasks_fsm.W006",
        )


def check_installed(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report TASKS entries that do not use this app although it is installed for nothing (W001)."""
    if conf.backends():
        return []
    return [
        checks.Warning(
            "django_tasks_fsm is installed, but no entry of TASKS uses its backend.",
            hint='Set TASKS = {"default": {"BACKEND": "django_tasks_fsm.backend.FSMBackend"}}.',
            id="django_tasks_fsm.W001",
        )
    ]


def check_other_runworker(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn when django-channels gives its own runworker to manage.py (W002)."""
    if not apps.is_installed("channels"):
        return []
    order = [app.name for app in apps.get_app_configs()]
    theirs = order.index("channels") < order.index("django_tasks_fsm")
    whose = "django-channels" if theirs else "django_tasks_fsm"
    return [
        checks.Warning(
            "Both django-channels and django_tasks_fsm have a command 'runworker'; "
            f"'manage.py runworker' is that of {whose}.",
            hint="Start this app's worker with 'manage.py tasks_fsm worker', which nobody else has.",
            id="django_tasks_fsm.W002",
        )
    ]


def check_schedules(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report declared schedules whose trigger cannot be used (E003)."""
    messages: list[checks.CheckMessage] = []
    for declaration in registry.declarations().values():
        try:
            triggers.load(declaration.trigger)
        except InvalidTrigger as error:
            messages.append(
                checks.Error(
                    f"Schedule {declaration.name!r}: {error}",
                    hint=f"Correct the call of schedule() on {declaration.function}.",
                    obj=declaration,
                    id="django_tasks_fsm.E003",
                )
            )
    return messages


CONCURRENCY = 4
"""Runs at once of a worker that is told nothing else."""
BESIDE = 2
"""Connections of a worker beside those of its runs: its own, and that of its heartbeat."""
POOL_SIZE = 4
"""The ``max_size`` of a pool of psycopg that is told nothing else: its ``min_size``."""


def check_pools(**kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of a connection pool that is too small for a worker with the default concurrency (W007)."""
    from django.db import connections, router

    from django_tasks_fsm.models import TaskRun

    needed = CONCURRENCY + BESIDE
    sizes = {alias: pool_size(alias) for alias in connections if router.allow_migrate_model(alias, TaskRun)}
    return [
        checks.Warning(
            f"Database {alias!r}: its connection pool has at most {size} connections. A worker needs one for each of "
            f"its runs at once, {CONCURRENCY} by default, and {BESIDE} more.",
            hint=f'Set "OPTIONS": {{"pool": {{"max_size": {needed}}}}} or more: --concurrency and {BESIDE}.',
            id="django_tasks_fsm.W007",
        )
        for alias, size in sizes.items()
        if size is not None and size < needed
    ]


def pool_size(alias: str) -> int | None:
    """Return how many connections the pool of a database may have; None where it has no pool."""
    from django.db import connections

    pool = connections[alias].settings_dict.get("OPTIONS", {}).get("pool")
    if not pool:
        return None
    asked = pool if isinstance(pool, Mapping) else {}
    size = asked.get("max_size") or asked.get("min_size", POOL_SIZE)
    return size if isinstance(size, int) else None


def check_databases(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Report databases that cannot, or can hardly, serve as a queue (W003 to W005)."""
    from django.db import router

    from django_tasks_fsm.models import TaskRun

    messages: list[checks.CheckMessage] = []
    for alias in databases or ():
        if router.allow_migrate_model(alias, TaskRun):
            messages += _check_database(alias)
    return messages


def _check_database(alias: str) -> list[checks.CheckMessage]:
    from django_tasks_fsm.dialects import for_alias

    return [
        checks.Warning(f"Database {alias!r}: {problem}", hint=hint, id=f"django_tasks_fsm.{number}")
        for number, problem, hint in for_alias(alias).advice()
    ]

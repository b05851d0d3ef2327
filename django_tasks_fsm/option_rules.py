"""What the values of ``OPTIONS`` and ``QUEUES`` may be; each rule names the path of the value that breaks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from django_tasks_fsm.core import executors
from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.core.redaction import words
from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.core.triggers.quoting import quoted

if TYPE_CHECKING:
    from django_tasks_fsm.conf import Options

LONGEST = 10_000_000
"""Seconds, about four months: more is a mistake, and much more is no number of seconds to a database."""
MOST = 1_000_000_000
MOST_PROCESSES = 1_000


def check(options: Options, path: str) -> None:
    """Raise ImproperlyConfigured for the first option that cannot be used; ``path`` leads to them all."""
    rules = (_check_numbers, _check_words, _check_retention, _check_executors, _check_plugins)
    for rule in rules:
        rule(options, path)


def check_queues(queues: Any, path: str) -> None:
    """Raise ImproperlyConfigured for what is no list of names; check E002 tells which of the names cannot be used."""
    is_list = isinstance(queues, (list, tuple, set, frozenset))
    # What cannot be hashed would end Django's own set() of them.
    if not is_list or any(isinstance(one, (list, dict, set)) for one in queues):
        raise ImproperlyConfigured(f"{path} must be a list of queue names, not {quoted(queues)}.")


def _check_numbers(options: Options, path: str) -> None:
    for name in ("lease_seconds", "heartbeat_seconds", "saturation_seconds"):
        value = getattr(options, name)
        optional = name == "heartbeat_seconds" and value is None
        if not optional and not (_is_number(value) and 0 < value <= LONGEST):
            raise ImproperlyConfigured(
                f"{path}[{name.upper()!r}] must be a number above zero, not {quoted(value)}; at most {LONGEST:,}."
            )
    for name in ("max_losses", "max_payload_bytes", "max_messages", "log_lines", "log_bytes"):
        value = getattr(options, name)
        if not (_is_number(value) and value == value // 1 and 0 < value <= MOST):
            raise ImproperlyConfigured(
                f"{path}[{name.upper()!r}] must be a whole number above zero, not {quoted(value)}; at most {MOST:,}."
            )
    if not (_is_number(options.min_interval) and 0 <= options.min_interval <= LONGEST):
        raise ImproperlyConfigured(
            f"{path}['MIN_INTERVAL'] must be a number of seconds from 0 to {LONGEST:,}, not "
            f"{quoted(options.min_interval)}."
        )
    if options.heartbeat > options.lease_seconds / 2:
        raise ImproperlyConfigured(f"{path}['HEARTBEAT_SECONDS'] must be at most half of LEASE_SECONDS.")


def _check_words(options: Options, path: str) -> None:
    modules: Any = options.task_modules
    if not isinstance(modules, (list, tuple, set)) or not all(isinstance(name, str) for name in modules):
        raise ImproperlyConfigured(f"{path}['TASK_MODULES'] must be a list of module names, not {modules!r}.")
    sensitive: Any = options.sensitive
    if not isinstance(sensitive, (list, tuple, set)) or not all(
        isinstance(one, str) and words(one) for one in sensitive
    ):
        raise ImproperlyConfigured(f"{path}['SENSITIVE'] must be a list of words, not {sensitive!r}.")
    engine: Any = options.graph_engine
    if engine not in ("auto", "builtin", "graphviz"):
        raise ImproperlyConfigured(f"{path}['GRAPH_ENGINE'] must be 'auto', 'builtin' or 'graphviz', not {engine!r}.")
    level: Any = options.log_level
    if not isinstance(level, str) or level not in LEVELS:
        raise ImproperlyConfigured(f"{path}['LOG_LEVEL'] must be one of {', '.join(LEVELS)}, not {level!r}.")


def _check_retention(options: Options, path: str) -> None:
    if not isinstance(options.retention_days, Mapping):
        raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'] must be a dict, not {options.retention_days!r}.")
    for state, days in options.retention_days.items():
        if state not in [final.value for final in FINAL]:
            known = ", ".join(sorted(final.value for final in FINAL))
            raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'] has {state!r}. The final states are: {known}.")
        if days is not None and not (_is_number(days) and 0 <= days < 1e6):
            raise ImproperlyConfigured(f"{path}['RETENTION_DAYS'][{state!r}] must be a number of days, not {days!r}.")


def _check_executors(options: Options, path: str) -> None:
    number: Any = options.process_workers
    if number is not None and not (_is_number(number) and isinstance(number, int) and 0 < number <= MOST_PROCESSES):
        raise ImproperlyConfigured(
            f"{path}['PROCESS_WORKERS'] must be a whole number above zero, not {quoted(number)}, and not above "
            f"{MOST_PROCESSES:,}."
        )
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


def _check_plugins(options: Options, path: str) -> None:
    named: Any = options.plugins
    if not isinstance(named, (list, tuple)):
        raise ImproperlyConfigured(f"{path}['PLUGINS'] must be a list of dotted paths, not {named!r}.")
    for plugin in named:
        if not isinstance(plugin, str) or "." not in plugin:
            raise ImproperlyConfigured(f"{path}['PLUGINS'] has {plugin!r}, which is not a dotted path.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

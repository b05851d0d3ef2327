"""What a task may declare, checked when it is declared: a wrong value would only show when the first run fails."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from django.core.exceptions import ImproperlyConfigured

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core import concurrency_key, executors, keys, limits
from django_tasks_fsm.core.lines import LEVELS
from django_tasks_fsm.core.made_keys import LONGEST, is_key
from django_tasks_fsm.core.nearest import did_you_mean
from django_tasks_fsm.core.prerequisites import OnFailure
from django_tasks_fsm.core.retry import InvalidRetryPolicy
from django_tasks_fsm.core.times import MomentOutOfRange, storable
from django_tasks_fsm.core.triggers.quoting import quoted
from django_tasks_fsm.exceptions import InvalidLimit
from django_tasks_fsm.tasks_api import TASK_MAX_PRIORITY, TASK_MIN_PRIORITY, InvalidTask, Task

if TYPE_CHECKING:
    from django_tasks_fsm.declare import FSMTask

PER_RUN = ("concurrency_key", "graph", "key", "label", "on_key", "prerequisites")
"""The fields of ours that one run may have for itself."""
MOST_ATTEMPTS = 1000
LONGEST_SECONDS = 2_147_483_647
LONGEST_LABEL = 100
LONGEST_NAME = 255
"""As much as the column of a row holds."""


def names(given: Any) -> tuple[str, ...]:
    """Return other names of a function, each once; raise InvalidTask for what a row could not name."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidTask(f"names must be a list of texts, not {given!r}.")
    found = list(given)
    for name in found:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise InvalidTask(f"names has {name!r}; each must have 1 to {LONGEST_NAME} printable characters.")
    return tuple(dict.fromkeys(found))


def sensitive(given: Any) -> tuple[str, ...] | Literal[True]:
    """Return the names whose values are hidden, or True; raise InvalidTask for what would hide nothing."""
    if given is True:
        return True
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InvalidTask(f"sensitive must be True or a list of names, not {given!r}.")
    found = tuple(given)
    if not all(isinstance(name, str) and name for name in found):
        raise InvalidTask(f"sensitive must be True or a list of names, not {given!r}.")
    return found


def check_backend(alias: Any) -> None:
    """Refuse an alias that Django would look up as an attribute."""
    if not isinstance(alias, str):
        raise InvalidTask(f"backend must be the alias of an entry of TASKS, not {quoted(alias)}.")


def check_types(task: Task) -> None:
    """Refuse values that Django's own validation would stumble over with an error of another kind."""
    queue: Any = task.queue_name
    priority: Any = task.priority
    if not isinstance(queue, str):
        raise InvalidTask(f"queue_name must be a string, not {queue!r}.")
    if not _is_number(priority) or not TASK_MIN_PRIORITY <= priority <= TASK_MAX_PRIORITY:
        raise InvalidTask(f"priority must be a whole number between {TASK_MIN_PRIORITY} and {TASK_MAX_PRIORITY}.")
    if task.run_after is not None and not isinstance(task.run_after, datetime):
        raise InvalidTask(f"run_after must be a datetime, not {task.run_after!r}.")


def check_run_after(task: Task) -> None:
    """Refuse a time that the database could not store; Django refuses naive ones itself."""
    moment = task.run_after
    if moment is None:
        return
    if moment.tzinfo is not None and not conf.uses_time_zones():
        raise InvalidTask("run_after must be a naive datetime while USE_TZ is False.")
    try:
        storable(moment)
    except MomentOutOfRange as error:
        raise InvalidTask(f"run_after: {error}") from None


def check_per_run(name: str) -> None:
    """Raise TypeError for a field that ``using`` cannot change."""
    if name in registry.POLICIES:
        raise TypeError(
            f"using() cannot change {name!r}, which belongs to the function and not to one run of it. "
            "Declare it with @task, or change the row of the task in the admin."
        )
    if name not in PER_RUN:
        known = ", ".join(sorted(("after", "backend", "priority", "queue_name", "run_after", *PER_RUN)))
        raise TypeError(f"using() has no setting {name!r}. Known: {known}.{did_you_mean(name, known.split(', '))}")


def check_options(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for what is no option of ``@task`` and ``@service``."""
    there = set(known)
    for name in given:
        if name not in there:
            near = did_you_mean(name, there) or f" Known: {', '.join(sorted(there))}."
            raise TypeError(f"@task has no option {name!r}.{near}")


def check_policies(task: FSMTask) -> None:
    """Raise InvalidTask for the first field of ours that holds what no run could use."""
    _check_retries(task)
    timeout: Any = task.timeout
    if timeout is not None and (not _is_number(timeout) or not 0 < timeout <= LONGEST_SECONDS):
        raise InvalidTask(f"timeout must be a number of seconds above zero, not {quoted(timeout)}.")
    if task.on_lost not in ("requeue", "fail"):
        raise InvalidTask(f"on_lost must be 'requeue' or 'fail', not {task.on_lost!r}.")
    _check_executor(task)
    level: Any = task.log_level
    if level is not None and not (isinstance(level, str) and level in LEVELS):
        raise InvalidTask(f"log_level must be one of {', '.join(LEVELS)}, not {level!r}.")
    if not isinstance(task.cancel_on_exception, bool):
        raise InvalidTask(f"cancel_on_exception must be True or False, not {task.cancel_on_exception!r}.")
    if task.cancel_on_result is not None and not callable(task.cancel_on_result):
        raise InvalidTask(f"cancel_on_result must be a function of the result, not {task.cancel_on_result!r}.")
    if not isinstance(task.track, bool) and not callable(task.track):
        raise InvalidTask(f"track must be True, False or a function, not {task.track!r}.")
    if task.on_prerequisite_failure not in [policy.value for policy in OnFailure]:
        words = ", ".join(policy.value for policy in OnFailure)
        raise InvalidTask(f"on_prerequisite_failure must be one of {words}, not {task.on_prerequisite_failure!r}.")
    if not isinstance(task.run_dependents, bool):
        raise InvalidTask(f"run_dependents must be True or False, not {task.run_dependents!r}.")
    _check_atomic(task)
    _check_limits(task)
    _check_key(task)
    _check_min_interval(task)
    _check_label(task.label)
    if task.graph is not None and not isinstance(task.graph, uuid.UUID):
        raise InvalidTask(f"graph must be the UUID of a run graph, not {task.graph!r}.")


def _check_executor(task: FSMTask) -> None:
    if task.executor is None:
        return
    try:
        others = conf.options().executors
    except ImproperlyConfigured:
        return  # check E001 says why, which it could not if Django did not start
    wrong = executors.problem(task.executor, inspect.iscoroutinefunction(task.func), others)
    if wrong:
        raise InvalidTask(wrong)


def _check_atomic(task: FSMTask) -> None:
    if not isinstance(task.atomic, bool):
        raise InvalidTask(f"atomic must be True or False, not {task.atomic!r}.")
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    if task.atomic and (task.lifecycle is not None or any(is_one(task.func) for is_one in kinds)):
        raise InvalidTask(
            f"atomic=True needs a function that is called and returns: {task.func.__qualname__} is a coroutine, a "
            "generator or a service. Django's transactions belong to one thread and one call; use "
            "transaction.atomic() for the part that belongs together, in a function behind sync_to_async."
        )


def _check_limits(task: FSMTask) -> None:
    for name in ("max_instances", "concurrency"):
        number: Any = getattr(task, name)
        is_number = isinstance(number, int) and not isinstance(number, bool)
        if number is not None and not (is_number and 1 <= number <= limits.MOST):
            raise InvalidTask(f"{name} must be a whole number from 1 to {limits.MOST}, or None, not {number!r}.")
    if task.on_overlap not in ("skip", "wait"):
        raise InvalidTask(f"on_overlap must be 'skip' or 'wait', not {task.on_overlap!r}.")
    if wrong := concurrency_key.problem(task.concurrency_key):
        raise InvalidTask(wrong)
    try:
        _ = limits.rate(task.rate_limit) if task.rate_limit != "" else None
    except InvalidLimit as error:
        raise InvalidTask(f"rate_limit: {error}") from None


def _check_retries(task: FSMTask) -> None:
    try:
        task.retry_policy()
    except InvalidRetryPolicy as error:
        raise InvalidTask(str(error)) from None
    if task.max_attempts > MOST_ATTEMPTS:
        raise InvalidTask(f"max_attempts must be at most {MOST_ATTEMPTS}, not {task.max_attempts}.")
    if task.backoff is not None and not callable(task.backoff):
        raise InvalidTask(f"backoff must be a function of an exception and a result, not {task.backoff!r}.")


def _check_key(task: FSMTask) -> None:
    key: Any = task.key
    if key is not None and not callable(key) and not is_key(key):
        raise InvalidTask(f"key must have 1 to {LONGEST} printable characters, or be a function, not {key!r}.")
    if task.on_key not in keys.CHOICES:
        raise InvalidTask(f"on_key must be one of {', '.join(keys.CHOICES)}, not {task.on_key!r}.")


def _check_min_interval(task: FSMTask) -> None:
    seconds: Any = task.min_interval
    if seconds is not None and (not _is_number(seconds) or not 0 <= seconds <= LONGEST_SECONDS):
        raise InvalidTask(f"min_interval must be a number of seconds, 0 for none, not {quoted(seconds)}.")


def _check_label(label: Any) -> None:
    if callable(label):
        return
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or not label.isprintable():
        raise InvalidTask(
            f"label must have at most {LONGEST_LABEL} printable characters, or be a function, not {label!r}."
        )


def label_of(task: Task, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return the label of one run; what a function of the arguments returns is cut to what fits."""
    label: Any = getattr(task, "label", "")
    text = str(label(*args, **kwargs)) if callable(label) else label
    return "".join(character for character in text if character.isprintable())[:LONGEST_LABEL]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""The one import point for Django's task framework: ``django.tasks`` from 6.0 on, the ``django-tasks`` backport below.

Where Django has the framework it is used even if the backport is installed too (Wagtail brings it along on Django 6),
so that there is one set of classes and signals.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME, task_backends
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.base import (
        DEFAULT_TASK_PRIORITY,
        TASK_MAX_PRIORITY,
        TASK_MIN_PRIORITY,
        TASK_REFRESH_ATTRS,
        Task,
        TaskContext,
        TaskError,
        TaskResult,
        TaskResultStatus,
    )
    from django.tasks.exceptions import InvalidTask, TaskResultDoesNotExist, TaskResultMismatch
    from django.tasks.signals import log_task_finished, log_task_started, task_enqueued, task_finished, task_started
    from django.tasks.signals import logger as core_logger
else:
    from django_tasks import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME, task_backends
    from django_tasks.backends.base import BaseTaskBackend
    from django_tasks.base import (
        DEFAULT_TASK_PRIORITY,
        TASK_MAX_PRIORITY,
        TASK_MIN_PRIORITY,
        TASK_REFRESH_ATTRS,
        Task,
        TaskContext,
        TaskError,
        TaskResult,
        TaskResultStatus,
    )
    from django_tasks.exceptions import InvalidTaskError as InvalidTask
    from django_tasks.exceptions import TaskResultDoesNotExist, TaskResultMismatch
    from django_tasks.signals import log_task_finished, log_task_started, task_enqueued, task_finished, task_started
    from django_tasks.signals import logger as core_logger

CORE_RECEIVERS = (log_task_started, log_task_finished)
"""What the framework itself connects to its signals; they only log, to ``core_logger``."""


def no_result(result_id: Any) -> TaskResultDoesNotExist:
    """Return the exception for an unknown id; a library that came by the backport, on Django 6, can catch it too."""
    theirs = getattr(sys.modules.get("django_tasks.exceptions"), "TaskResultDoesNotExist", TaskResultDoesNotExist)
    both: dict[type, None] = {TaskResultDoesNotExist: None, theirs: None}
    error: TaskResultDoesNotExist = type("TaskResultDoesNotExist", tuple(both), {})(result_id)
    return error


__all__ = [
    "CORE_RECEIVERS",
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_PRIORITY",
    "DEFAULT_TASK_QUEUE_NAME",
    "TASK_MAX_PRIORITY",
    "TASK_MIN_PRIORITY",
    "TASK_REFRESH_ATTRS",
    "BaseTaskBackend",
    "InvalidTask",
    "Task",
    "TaskContext",
    "TaskError",
    "TaskResult",
    "TaskResultDoesNotExist",
    "TaskResultMismatch",
    "TaskResultStatus",
    "core_logger",
    "no_result",
    "task_backends",
    "task_enqueued",
    "task_finished",
    "task_started",
]

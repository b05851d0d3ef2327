"""Send Django's task signals: from the class of the backend, robustly, with the exception of a failure at hand."""

from __future__ import annotations

import logging

from django.dispatch import Signal

from django_tasks_fsm import conf
from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.task_errors import exception_for
from django_tasks_fsm.tasks_api import (
    CORE_RECEIVERS,
    BaseTaskBackend,
    TaskResultStatus,
    core_logger,
    task_backends,
    task_enqueued,
    task_finished,
    task_started,
)

_core = frozenset(id(receiver) for receiver in CORE_RECEIVERS)


def wanted(signal: Signal, level: int = logging.ERROR) -> bool:
    """Tell whether anybody listens: Django's own receiver only logs, at ``level``; unheard it costs a TaskResult."""
    return core_logger.isEnabledFor(level) or any(key[0] not in _core for key, *_ in signal.receivers)


def send_enqueued(result: FSMTaskResult) -> None:
    """Send ``task_enqueued``."""
    task_enqueued.send_robust(_sender(result), task_result=result)


def send_started(result: FSMTaskResult) -> None:
    """Send ``task_started``."""
    task_started.send_robust(_sender(result), task_result=result)


def send_finished(result: FSMTaskResult, exception: BaseException | None = None) -> None:
    """Send ``task_finished``; receivers, Django's log among them, read why a run failed from ``sys.exc_info()``."""
    if result.status != TaskResultStatus.FAILED:
        task_finished.send_robust(_sender(result), task_result=result)
        return
    try:
        raise exception if exception is not None else exception_for(result.state, result.errors)
    except BaseException:  # whatever it is, it was raised only to be looked at
        task_finished.send_robust(_sender(result), task_result=result)


def _sender(result: FSMTaskResult) -> type[BaseTaskBackend]:
    return type(task_backends[result.backend]) if result.backend in conf.aliases() else FSMBackend

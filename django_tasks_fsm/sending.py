"""Send Django's task signals: from the class of the backend, robustly, with the exception of a failure at hand."""

from __future__ import annotations

import logging
from contextvars import ContextVar

from django.dispatch import Signal

from django_tasks_fsm import conf
from django_tasks_fsm.backend import FSMBackend
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.results import FSMTaskResult
from django_tasks_fsm.task_errors import ENDINGS, exception_for
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
_core_names = frozenset(receiver.__name__ for receiver in CORE_RECEIVERS)
_ended_on_purpose: ContextVar[str] = ContextVar("django_tasks_fsm_ended_on_purpose", default="")


def level_of(state: str) -> int:
    """Return the level at which the end in ``state`` is logged: a run that somebody cancelled is no error."""
    return logging.ERROR if state == RunState.FAILED else logging.INFO


def _calm(record: logging.LogRecord) -> bool:
    """Turn what Django logs of a run that was ended on purpose, an error with a traceback, into a line that says so."""
    words = _ended_on_purpose.get()
    if not words or record.funcName not in _core_names:
        return True
    record.levelno, record.levelname, record.exc_info = logging.INFO, logging.getLevelName(logging.INFO), None
    record.msg, record.args = f"{record.getMessage()} ({words})", None
    return core_logger.isEnabledFor(logging.INFO)


core_logger.addFilter(_calm)


def wanted(signal: Signal, level: int = logging.ERROR) -> bool:
    """Tell whether anybody listens: Django's own receiver only logs, at ``level``; unheard it costs a TaskResult."""
    return core_logger.isEnabledFor(level) or any(key[0] not in _core for key, *_ in signal.receivers)


def only_logged(signal: Signal) -> bool:
    """Tell whether nobody listens but Django's own receiver."""
    return all(key[0] in _core for key, *_ in signal.receivers)


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
    error = exception if exception is not None else exception_for(result.state, result.errors)
    token = _ended_on_purpose.set(_why(result.state, error))
    try:
        raise error
    except BaseException:  # whatever it is, it was raised only to be looked at
        task_finished.send_robust(_sender(result), task_result=result)
    finally:
        _ended_on_purpose.reset(token)


def _why(state: str, error: BaseException) -> str:
    said = str(error).split("\n")[-1] if RunState(state) in ENDINGS else ""  # the last line of a traceback, or a reason
    return f"{state}: {said!r}" if said else ""


def _sender(result: FSMTaskResult) -> type[BaseTaskBackend]:
    return type(task_backends[result.backend]) if result.backend in conf.aliases() else FSMBackend

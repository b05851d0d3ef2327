"""Whether the executor that a task's row names can run its function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from django_tasks_fsm import conf, registry
from django_tasks_fsm.core.executors import Misfit, known, misfit

if TYPE_CHECKING:
    from django_tasks_fsm.models.task import Task


def why_not(task: Task) -> str:
    """Return why the executor in the row cannot run the function, in the reader's language; nothing where it can."""
    if not task.executor:
        return ""
    if registry.lifecycle_of(task.function) is not None:
        return gettext("A service has no executor: it runs beside the slots. Leave this empty.")
    pools, function = conf.pools(), registry.get(task.function)
    match misfit(task.executor, None if function is None else registry.is_async(function), pools):
        case Misfit.UNKNOWN:
            text = gettext("There is no executor “%(name)s”. Known: %(known)s.")
            return text % {"name": task.executor, "known": known(pools)}
        case Misfit.BLOCKS:
            return gettext("An event loop runs coroutine functions only: this function would block it. Use “thread”.")
        case Misfit.NOT_AWAITED:
            return gettext("Threads do not await coroutine functions. Use “asyncio”, or “asyncio:name” for a loop.")
        case None:
            return ""


def check_executor(task: Task) -> None:
    """Raise ValidationError for an executor that cannot run the function."""
    if wrong := why_not(task):
        raise ValidationError({"executor": wrong})

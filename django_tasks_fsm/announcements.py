"""Django's task signals for runs made by schedules, and for runs that ended without their worker: rescued, cancelled,
aborted, skipped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from django_tasks_fsm import signals
from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.results import STATUS, result_of
from django_tasks_fsm.sending import level_of, send_enqueued, send_finished, wanted
from django_tasks_fsm.tasks_api import task_enqueued, task_finished
from django_tasks_fsm.worker.announcer import deliver

WORKER = "worker:"


def connect() -> None:
    """Listen to made and moved runs."""
    signals.runs_made.connect(_announce_made, dispatch_uid="django_tasks_fsm.announcements.made")
    signals.runs_moved.connect(_announce, dispatch_uid="django_tasks_fsm.announcements")


def _announce_made(sender: Any, pks: Sequence[Any], using: str, **kwargs: Any) -> None:
    if wanted(task_enqueued, logging.DEBUG):
        deliver(partial(_send_enqueued, sender, pks, using))


def _send_enqueued(model: Any, pks: Sequence[Any], using: str) -> None:
    for run in model.objects.using(using).filter(pk__in=pks).select_related("task"):
        send_enqueued(result_of(run))


def _announce(sender: Any, moved: Sequence[Any], using: str, **kwargs: Any) -> None:
    ended = [row for row in moved if _ends(row)]
    if any(wanted(task_finished, level_of(row.to_state)) for row in ended):
        deliver(partial(_send, sender, [row.pk for row in ended], using))


def _ends(row: Any) -> bool:
    # A worker tells of its own outcomes, with the exception at hand. A run that is aborted after its end ends no
    # second time for Django, which has one word for both.
    before, after = RunState(row.from_state), RunState(row.to_state)
    return after in FINAL and STATUS[before] != STATUS[after] and not row.actor.startswith(WORKER)


def _send(model: Any, pks: Sequence[Any], using: str) -> None:
    for run in model.objects.using(using).filter(pk__in=pks).select_related("task"):
        result = result_of(run)
        if result.is_finished:  # else a person has revived it meanwhile
            send_finished(result)

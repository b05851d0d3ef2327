"""Wait for many runs, with few statements however many there are."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import router

from django_tasks_fsm.core.states import FINAL, RunState
from django_tasks_fsm.exceptions import RunFailed, WaitTimeout
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.transitions import batches
from django_tasks_fsm.models.waiting import FIRST_LOOK, LONGEST_LOOK

_never = threading.Event()


def wait_until_done(run_ids: Sequence[uuid.UUID], timeout: float) -> list[Any]:
    """Return the results of runs, in order, as soon as all are DONE.

    Raise RunFailed as soon as one is seen that has ended otherwise, and WaitTimeout after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    pause = FIRST_LOOK
    results: dict[uuid.UUID, Any] = {}
    while missing := [run_id for run_id in dict.fromkeys(run_ids) if run_id not in results]:
        found = _ended(missing)
        results |= found
        left = deadline - time.monotonic()
        if len(found) < len(missing) and left <= 0:
            raise _timeout([run_id for run_id in missing if run_id not in found], timeout)
        if len(found) < len(missing):
            _never.wait(min(pause, left))
            pause = min(pause * 1.5, LONGEST_LOOK)
    return [results[run_id] for run_id in run_ids]


def _ended(run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Any]:
    found: dict[uuid.UUID, Any] = {}
    for some in batches(run_ids):
        rows = _runs().filter(pk__in=some, state__in=[state.value for state in FINAL]).order_by("pk")
        for pk, state, result, error in rows.values_list("pk", "state", "result", "error"):
            if state != RunState.DONE:
                raise RunFailed(pk, state, error)
            found[pk] = result
    return found


def _timeout(open_ones: Sequence[uuid.UUID], seconds: float) -> WaitTimeout:
    state = _runs().filter(pk=open_ones[0]).values_list("state", flat=True).first()
    return WaitTimeout(open_ones[0], seconds, state or "deleted")


def _runs() -> Any:
    return TaskRun.objects.using(router.db_for_write(TaskRun))

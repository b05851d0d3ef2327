"""Give a waiting run other arguments and another time: the last one who asks is the one who is heard."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django_tasks_fsm.core.limits import Place
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.exceptions import KeyTaken
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.moments import stored
from django_tasks_fsm.models.run_verbs import move_runs
from django_tasks_fsm.models.settling import queue_ready, wake
from django_tasks_fsm.models.transitions import Change, Moved, record
from django_tasks_fsm.store.definitions import with_limits
from django_tasks_fsm.store.edges import RunEdge, require

if TYPE_CHECKING:
    from django_tasks_fsm.store.enqueue import Request

REASON = "enqueued again"
FOREIGN = "That is a run of another task, which cannot be given the arguments of this one. Use a key of its own."


def replaced(bearer: TaskRun, request: Request, using: str) -> TaskRun:
    """Return ``bearer``, locked and waiting, with what the request asks for; it stays the run that it is.

    It waits for what it waited for, and for what the request names besides. Raise KeyTaken for a run of another task.
    """
    if bearer.task_id != request.task_id:
        raise KeyTaken(str(request.key), bearer.pk, bearer.state, FOREIGN)
    now = for_alias(using).now()
    due = now if request.run_at is None else stored(request.run_at)
    values = _values(request, due)
    moves_back = due > now or bearer.concurrency_key != request.concurrency_key
    _record(bearer, using)  # in the state that it is in: what comes below may move it
    if bearer.state != RunState.QUEUED:
        TaskRun.objects.using(using).filter(pk=bearer.pk).update(**values, **_limits(request, using))
    elif moves_back:
        values |= _limits(request, using)
        move_runs([bearer.pk], Change("reschedule", Actor.system(), REASON, values=values), using)
    else:
        TaskRun.objects.using(using).filter(pk=bearer.pk).update(**values)
        wake({request.queue}, using)
    if request.prerequisites:
        require([RunEdge(bearer.pk, *awaited) for awaited in request.prerequisites], using)
    queue_ready([bearer.pk], using)
    bearer.refresh_from_db()
    return bearer


def _values(request: Request, due: datetime) -> dict[str, Any]:
    return {
        "args": list(request.args),
        "kwargs": dict(request.kwargs),
        "queue": request.queue,
        "priority": request.priority,
        "run_at": due,
        "label": request.label,
    }


def _limits(request: Request, using: str) -> dict[str, Any]:
    # Outside of every line: whoever looks at what is due puts it into the right one.
    limited = request.concurrency_key is not None or request.task_id in with_limits(using)
    return {"concurrency_key": request.concurrency_key, "limited": limited, "line": Place.OUTSIDE.value}


def _record(bearer: TaskRun, using: str) -> None:
    moved = Moved(bearer.pk, "replaced", bearer.state, bearer.state, bearer.attempt)
    record(TaskRun, Change("replaced", Actor.system(), REASON), [moved], using)

"""Look at a row, by one statement: what staging, claiming or firing ask of it, and the queue and task beside it."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.dialects.holds import Holds
from django_tasks_fsm.models import Queue, Task, TaskRun, Transition
from django_tasks_fsm.models.line import IN_LINE
from django_tasks_fsm.store.gates.record import Seen, SeenTask
from django_tasks_fsm.store.tables import FIRES, READY, come, due_by, fires_by
from django_tasks_fsm.store.workers import shut_since

HEAVY = ("args", "kwargs", "result", "task__args", "task__kwargs", "task__trigger", "task__description")
QUEUE = ("name", "paused_at", "paused_by", "paused_until", "pause_reason")
PUT_OFF = ("retry", "reschedule", "lose")
"""Events that set another time."""


def look_at_run(run: TaskRun, using: str) -> Seen:
    """Return the run as it is now; raise DoesNotExist."""
    now = for_alias(using).now_sql
    events = Transition.objects.filter(run_id=OuterRef("pk"), event__in=PUT_OFF).order_by("-id")
    rows = TaskRun.objects.using(using).select_related("task").defer(*HEAVY)
    found: Any = _with_queue(rows).annotate(
        seen_taken=_holds(TaskRun, f"({READY}) OR ({due_by(now)}) OR ({IN_LINE} AND waiting_on = 0)"),
        seen_due=_holds(TaskRun, come(now)),
        put_off_by=Subquery(events.values("event")[:1]),
    )
    row = found.get(pk=run.pk)
    return Seen(row, _queue_of(row), row.seen_taken, row.seen_due, row.put_off_by or "", using)


def look_at_task(task: Task, using: str) -> SeenTask:
    """Return the task as it is now; raise DoesNotExist."""
    now = for_alias(using).now_sql
    moves = Transition.objects.filter(task_id=OuterRef("pk"), to_state=OuterRef("state")).order_by("-id")
    found: Any = _with_queue(Task.objects.using(using)).annotate(
        seen_fires=_holds(Task, f"({FIRES}) AND {fires_by(now)}"),
        seen_due=_holds(Task, fires_by(now)),
        **{f"moved_{name}": Subquery(moves.values(name)[:1]) for name in ("at", "actor", "reason")},
    )
    row = found.get(pk=task.pk)
    moved = row.moved_at, row.moved_actor or "", row.moved_reason or ""
    return SeenTask(row, _queue_of(row), row.seen_fires or _is_kept_going(row), row.seen_due, *moved, using)


def _holds(model: Any, condition: str) -> Exists:
    # In a subquery of its own, where the bare names of columns can mean no other table.
    return Exists(model.objects.filter(Holds(condition), pk=OuterRef("pk")))


def _with_queue(rows: QuerySet[Any]) -> QuerySet[Any]:
    lane = Queue.objects.filter(pk=OuterRef("queue")).order_by()
    seen = {name: Subquery(lane.values(name)[:1]) for name in QUEUE}
    seen["paused_at"] = Subquery(lane.values(since=shut_since())[:1])
    beside: QuerySet[Any] = rows.annotate(**{f"queue_{name}": value for name, value in seen.items()})
    return beside


def _queue_of(row: Any) -> Queue | None:
    return None if row.queue_name is None else Queue(**{name: getattr(row, f"queue_{name}") for name in QUEUE})


def _is_kept_going(task: Task) -> bool:
    life = registry.lifecycle_of(task.function)
    return life is not None and life.autostart and task.state == TaskState.ACTIVE

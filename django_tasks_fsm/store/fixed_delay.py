"""Fixed delay: a task fires so long after the end of its last run, and never while that lives.

``next_run_at`` is the earliest time at which that can be over. Whoever comes then and finds the run alive looks again
one delay later: if it has ended in between, the delay is not over yet, and the time is set to the moment when it will
be. So nothing has to happen when a run ends, and runs of other tasks pay nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django_tasks_fsm.core.states import FINAL
from django_tasks_fsm.dialects import for_alias
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.moments import instant

SHORTEST_LOOK = timedelta(seconds=1)
"""Between two looks at a run that lives; after it a shorter delay may take up to so long."""


def not_before(task: Task, using: str) -> datetime | None:
    """Return when to come again to a locked task that must not fire yet; None if it may.

    A person who has rescheduled it since the last run began need not wait for the delay, only for the run.
    """
    delay = task.fires.delay_after_end
    last = None if delay is None else _last(task, using)
    if delay is None or last is None:
        return None
    now = instant(for_alias(using).now())
    if last.finished_at is None or last.state not in FINAL:
        return now + max(delay, SHORTEST_LOOK)
    over = instant(last.finished_at) + delay
    return None if over <= now or _is_wanted_sooner(task, last, using) else over


def _last(task: Task, using: str) -> TaskRun | None:
    runs = TaskRun.objects.using(using).filter(task=task, scheduled_for__isnull=False)
    return runs.only("state", "enqueued_at", "finished_at").order_by("-pk").first()


def _is_wanted_sooner(task: Task, last: TaskRun, using: str) -> bool:
    moved = Transition.objects.using(using).filter(task=task, event="reschedule", at__gt=last.enqueued_at)
    return moved.exists()

"""A new trigger takes effect with the row that has it."""

from __future__ import annotations

from django.db import router
from django.utils import timezone

from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.models import Task
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.task_verbs import begin_anew, first_time


def follow_trigger(task: Task, actor: Actor) -> None:
    """Set the next time from the trigger that was just saved, in the caller's transaction.

    A task that had no more times and has some again comes back into service.
    """
    using = task._state.db or router.db_for_write(Task)
    at = first_time(task, timezone.now())
    if at is not None and task.state == TaskState.EXHAUSTED:
        Task.objects.using(using).filter(pk=task.pk).run_at(at, actor=actor, reason="a new schedule was saved")
    else:
        begin_anew(task, at, using)
    task.refresh_from_db(fields=["state", "next_run_at"])

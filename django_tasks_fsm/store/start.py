"""Run a task because somebody asked for it."""

from __future__ import annotations

from datetime import datetime

from django.db import router

from django_tasks_fsm.dialects.clock import DatabaseNow
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.models.transitions import announce_made
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request, enqueue


def start(task: Task, *, at: datetime | None, actor: Actor) -> TaskRun:
    """Make one run of ``task`` with its stored arguments, due ``at`` or now, and record who asked."""
    using = router.db_for_write(Task, instance=task)
    request = Request(
        task_id=task.pk, args=task.args, kwargs=task.kwargs, queue=task.queue, priority=task.priority, run_at=at
    )

    def work() -> TaskRun:
        know_queue(task.queue, using)
        run = enqueue(request, using)
        Transition.objects.using(using).create(
            run=run, event="start", from_state=run.state, to_state=run.state, at=DatabaseNow(), actor=actor.name
        )
        announce_made(TaskRun, [run.pk], using)
        return run

    return in_transaction(work, using)

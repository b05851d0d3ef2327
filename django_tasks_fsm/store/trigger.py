"""Run a task because something has happened, once for all that happens before the run begins."""

from __future__ import annotations

from django.db import router

from django_tasks_fsm import registry
from django_tasks_fsm.core.keys import OnKey, key_of, trigger_key
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.models.actor import Actor
from django_tasks_fsm.models.transitions import Change, Moved, announce_made, record
from django_tasks_fsm.store.definitions import know_queue
from django_tasks_fsm.store.enqueue import Request
from django_tasks_fsm.store.once import once
from django_tasks_fsm.store.start import enqueue_with_company


def trigger(task: Task, actor: Actor, reason: str = "") -> TaskRun:
    """Return the run of the task that has not begun yet, made with its stored arguments if there is none.

    One that is made while another is RUNNING waits for its end. Who asked is recorded with the run that is made.
    """
    using = router.db_for_write(Task, instance=task)
    request = Request.of(task, key=_key(task), on_key=OnKey.COLLAPSE)

    def work() -> list[TaskRun]:
        know_queue(request.queue, using)
        runs = enqueue_with_company([request], using)
        made = [Moved(run.pk, "start", run.state, run.state) for run in runs if run.pk == request.id]
        record(TaskRun, Change("start", actor, reason), made, using)
        announce_made(TaskRun, [row.pk for row in made], using)
        return runs

    return once(work, {request.id}, using)[0]


def _key(task: Task) -> str:
    # The row of the function itself answers for it: what code triggers and what a person triggers is one.
    declared = registry.get(task.function) if task.name == task.function else None
    name = task.name if declared is None else declared.module_path
    return key_of(getattr(declared, "key", None), task.args, task.kwargs) or trigger_key(name)

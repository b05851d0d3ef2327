"""Why some tasks cannot be deleted, asked before Django collects everything that hangs on them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from django_tasks_fsm.admin.overrides import is_from_code
from django_tasks_fsm.admin.verbs import where_written
from django_tasks_fsm.models import Task, TaskRun


def reasons_to_keep(tasks: Iterable[Task]) -> list[str]:
    """Return a sentence for each task that must stay.

    Django would list every protected run here: the one task that people try to delete may have millions.
    """
    tasks = list(tasks)
    with_runs = {task.pk for task in tasks if where_written(TaskRun.objects.filter(task=task)).exists()}
    return [sentence for task in tasks if (sentence := _reason(task, with_runs))]


def _reason(task: Task, with_runs: set[int]) -> str:
    if is_from_code(task):
        text = gettext("“%(task)s” is declared in code and would come back with the next migrate. Retire it instead.")
    elif task.pk in with_runs:
        text = gettext("“%(task)s” has runs, which are its history. Retire it instead, or prune its runs first.")
    else:
        return ""
    return text % {"task": task.name}

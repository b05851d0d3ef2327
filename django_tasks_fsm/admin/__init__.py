"""The app inside Django's own admin: lists that stay quick with millions of rows, pages that explain, verbs that ask.

``bounded`` is the ground of every list and page; ``verbs`` says what people may do, ``verb_admin`` asks and does it;
``task``, ``run``, ``worker`` and ``queue`` put them together for one model each.
"""

from __future__ import annotations

from django_tasks_fsm.admin.queue import QueueAdmin
from django_tasks_fsm.admin.run import TaskRunAdmin
from django_tasks_fsm.admin.task import TaskAdmin
from django_tasks_fsm.admin.worker import WorkerAdmin

__all__ = ["QueueAdmin", "TaskAdmin", "TaskRunAdmin", "WorkerAdmin"]

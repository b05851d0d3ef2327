"""The tables, and the only writer of ``state``."""

from __future__ import annotations

from django_tasks_fsm.models.child import RunChild
from django_tasks_fsm.models.detail import RunDetail
from django_tasks_fsm.models.lock import Lock
from django_tasks_fsm.models.log import RunLog
from django_tasks_fsm.models.message import Message
from django_tasks_fsm.models.prerequisite import RunPrerequisite, TaskPrerequisite
from django_tasks_fsm.models.queue import Queue
from django_tasks_fsm.models.run import TaskRun
from django_tasks_fsm.models.task import Task
from django_tasks_fsm.models.ticking import ServiceTicks
from django_tasks_fsm.models.transition import Transition
from django_tasks_fsm.models.worker import Worker

__all__ = [
    "Lock",
    "Message",
    "Queue",
    "RunChild",
    "RunDetail",
    "RunLog",
    "RunPrerequisite",
    "ServiceTicks",
    "Task",
    "TaskPrerequisite",
    "TaskRun",
    "Transition",
    "Worker",
]

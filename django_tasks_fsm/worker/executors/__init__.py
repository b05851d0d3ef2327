"""What runs functions. An executor takes jobs and puts outcomes into the outbox; it raises and loses nothing."""

from __future__ import annotations

from django_tasks_fsm.worker.executors.base import Executor
from django_tasks_fsm.worker.executors.coroutine import CoroutineExecutor
from django_tasks_fsm.worker.executors.inline import InlineExecutor
from django_tasks_fsm.worker.executors.thread import ThreadExecutor

__all__ = ["CoroutineExecutor", "Executor", "InlineExecutor", "ThreadExecutor"]

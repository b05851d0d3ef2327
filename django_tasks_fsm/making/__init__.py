"""Execute runs where they are asked for, what they wait for first: the semantics of make and its kin.

``performer`` executes one run in the calling thread, as a worker of its own; ``plan`` reads what is to be made;
``rules`` says what becomes of a run whose prerequisite stands in the way; ``maker`` puts the three together.
"""

from __future__ import annotations

from django_tasks_fsm.making.dispatching import bg, dispatch
from django_tasks_fsm.making.generator import make, make_now
from django_tasks_fsm.making.later import make_later
from django_tasks_fsm.making.task_queue import TaskQueue

__all__ = ["TaskQueue", "bg", "dispatch", "make", "make_later", "make_now"]

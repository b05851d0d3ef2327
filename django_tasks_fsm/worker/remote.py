"""What a pool calls on its own side, by name; importing it needs nothing of Django's to be ready."""

from __future__ import annotations

import threading

import django
from django.apps import apps

_lock = threading.Lock()


def perform(text: str) -> str:
    """Execute the run in ``text`` and return its outcome as text; set Django up where this process has not.

    The process needs DJANGO_SETTINGS_MODULE, the project's code and its database.
    """
    with _lock:
        if not apps.ready:
            django.setup()
    from django_tasks_fsm.core.outcomes import Outcome
    from django_tasks_fsm.worker import errand
    from django_tasks_fsm.worker.notebook import Notebook

    job = errand.read(text)
    if isinstance(job, Outcome):
        return errand.outcome_written(job)
    with Notebook.of(job) as notebook:
        outcome = errand.carry_out(job)
    return errand.outcome_written(outcome, notebook.lines.take())

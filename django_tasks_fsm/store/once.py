"""Make runs once, although the answer to a COMMIT may be lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection

from django.db import IntegrityError

from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.models.settling import wake_here
from django_tasks_fsm.models.transactions import in_transaction
from django_tasks_fsm.store.insert import wakes

Work = Callable[[], list[TaskRun]]


def once(work: Work, ids: Collection[uuid.UUID], using: str) -> list[TaskRun]:
    """Return the runs that ``work`` makes in one transaction; ``ids`` are those that it gives, the same at each repeat.

    A connection that breaks during the COMMIT does not tell whether it was done. If it was, the repeat meets its own
    rows: that IntegrityError means that they are stored, and what the lost try made is the answer.
    """
    made: list[TaskRun] = []

    def noted() -> list[TaskRun]:
        nonlocal made
        made = work()
        return made

    try:
        return in_transaction(noted, using)
    except IntegrityError:
        # They were committed together, so one speaks for all; those that bear a key already were there before.
        # In the caller's transaction nothing is repeated, so nothing was made before an error.
        mine = [run.pk for run in made if run.pk in ids][:1]
        if not mine or not in_transaction(TaskRun.objects.using(using).filter(pk__in=mine).exists, using):
            raise
    wake_here(frozenset(run.queue for run in made if wakes(run)), using)
    return made

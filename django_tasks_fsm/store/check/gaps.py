"""Find times of schedules without a run, as far as rows are kept and nobody has changed the schedule in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from django_tasks_fsm import registry
from django_tasks_fsm.core.states import TaskState
from django_tasks_fsm.exceptions import InvalidTrigger
from django_tasks_fsm.models import Task, TaskRun, Transition
from django_tasks_fsm.models.moments import instant
from django_tasks_fsm.models.task import CatchUp
from django_tasks_fsm.store.check.invariant import Culprit, Look

NEWEST = 1_000
"""Slots of one task that are looked at."""
MOST_TASKS = 2_000


def gaps(look: Look) -> Sequence[Culprit]:
    """Return the tasks with a gap, each with the first one among its newest slots."""
    tasks = Task.objects.using(look.using).filter(state=TaskState.ACTIVE.value, catch_up=CatchUp.ALL.value)
    found = []
    for task in tasks.order_by("pk")[:MOST_TASKS]:
        if registry.lifecycle_of(task.function) is None and (gap := next(_gaps(task, look), None)):
            facts = {"name": task.name, "after": gap[0], "before": gap[1], "missing": gap[2]}
            found.append(Culprit("task", task.pk, facts))
    return found


def _gaps(task: Task, look: Look) -> Iterator[tuple[datetime, datetime, datetime]]:
    """Give the two slots between which a third one is missing."""
    try:
        trigger = task.fires
    except InvalidTrigger:
        return
    if trigger.delay_after_end is not None:  # its times follow from the ends of its runs
        return
    slots = [instant(slot) for slot in _slots(task, look)]
    for earlier, later in pairwise(sorted(slots)):
        following = trigger.next_after(earlier, earlier)
        if following is not None and following < later:
            yield earlier, later, following


def _slots(task: Task, look: Look) -> list[datetime]:
    told = Transition.objects.using(look.using).filter(task=task).order_by("-pk").values_list("at", flat=True).first()
    since = max(task.updated_at, told or task.updated_at)
    runs = TaskRun.objects.using(look.using).filter(task=task, scheduled_for__gt=since)
    return [slot for slot in runs.order_by("-scheduled_for").values_list("scheduled_for", flat=True)[:NEWEST] if slot]

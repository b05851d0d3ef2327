"""Many schedules whose time comes at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core import triggers
from django_tasks_fsm.models import Task, TaskRun
from django_tasks_fsm.store.fire import fire
from django_tasks_fsm.worker import duties
from tests.jobs.tasks import noop

pytestmark = pytest.mark.usefixtures("quick_options")

MANY, BATCH = 50, 10


def schedule(number, at):
    trigger = triggers.dump(triggers.Interval(every=timedelta(hours=1), start=at))
    return Task(name=f"hourly {number}", function=noop.module_path, trigger=trigger, next_run_at=at)


@pytest.mark.fault("F61")
def test_slots_that_are_due_at_once_fire_in_batches_between_which_runs_are_claimed(
    start_worker, monkeypatch, wait_until
):
    at, claimed, fired = timezone.now() - timedelta(seconds=1), [], []

    def a_batch(using):
        claimed.append(TaskRun.objects.filter(fence__gt=0).count())
        fired.append(fire(using, BATCH))
        return fired[-1]

    monkeypatch.setattr(duties, "fire", a_batch)
    tasks = Task.objects.bulk_create([schedule(number, at) for number in range(MANY)])
    start_worker()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == MANY)
    assert set(TaskRun.objects.values_list("task_id", flat=True)) == {task.pk for task in tasks}
    assert [number for number in fired if number] == [BATCH] * (MANY // BATCH)
    assert claimed[0] == 0 < min(claimed[1 : MANY // BATCH])

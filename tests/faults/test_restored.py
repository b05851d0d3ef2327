"""The database is put back to an earlier state, with runs that nobody holds any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_tasks_fsm.models import TaskRun, Transition, Worker
from tests.jobs import trail
from tests.jobs.tasks import hold, mark

pytestmark = pytest.mark.usefixtures("quick_options")

DAY = timedelta(days=1)


def backup():
    """Return all rows of runs and workers as they are."""
    return {model: list(model._base_manager.values()) for model in (Worker, TaskRun)}


def restore(rows, age):
    """Put these rows in the place of all others, with what was written ``age`` ago."""
    for model in (Transition, TaskRun, Worker):
        model._base_manager.all()._raw_delete("default")
    for model, all_values in rows.items():
        for values in all_values:
            times = {name: value - age for name, value in values.items() if hasattr(value, "hour")}
            model._base_manager.bulk_create([model(**{**values, **times})])


@pytest.mark.fault("F52")
def test_runs_of_a_restored_backup_are_taken_over_and_their_fences_go_on(start_worker, tmp_path, wait_until):
    path, gate = str(tmp_path / "trail"), str(tmp_path / "gate")
    before = start_worker(concurrency=1)
    running = hold.enqueue(path, gate)
    wait_until(lambda: trail.read(path))
    waiting = mark.enqueue(path, "waited")
    wait_until(lambda: TaskRun.objects.get(pk=waiting.id).state == "QUEUED")
    rows = backup()
    open(gate, "w").close()
    waiting.wait(30)
    before.stop()

    restore(rows, DAY)
    assert set(TaskRun.objects.values_list("state", "fence")) == {("RUNNING", 1), ("QUEUED", 0)}
    start_worker()
    assert running.wait(30) == 2
    assert waiting.wait(30) == 1
    assert set(TaskRun.objects.values_list("state", "fence", "attempt")) == {("DONE", 2, 2), ("DONE", 1, 1)}
    assert trail.read(path).count("waited") == 2  # once before the backup was restored, and once again

"""Rows that vanish or change under a running worker."""

from __future__ import annotations

import pytest

from django_tasks_fsm.models import RunDetail, Task, TaskRun, Transition, Worker
from django_tasks_fsm.worker import handback
from tests.jobs import trail
from tests.jobs.tasks import hold, noop

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def files(tmp_path):
    return str(tmp_path / "trail"), str(tmp_path / "gate")


@pytest.fixture
def held(start_worker, files, wait_until):
    """Give a run that is held by a worker until the gate opens."""
    result = hold.enqueue(*files)
    start_worker(name="first")
    wait_until(lambda: trail.read(files[0]))
    return TaskRun.objects.get(pk=result.id)


def test_a_worker_whose_row_is_deleted_writes_it_again_and_finishes(held, files, wait_until):
    Worker.objects.filter(pk=held.worker_id).delete()
    wait_until(Worker.objects.filter(name="first").exists)
    open(files[1], "w").close()
    assert held.wait(30) in (1, 2)
    noop.enqueue().wait(30)


def test_two_workers_survive_the_loss_of_all_rows_of_workers(start_worker, held, files, wait_until):
    start_worker(name="second")
    wait_until(lambda: Worker.objects.count() == 2)
    Worker.objects.all()._raw_delete("default")
    wait_until(lambda: Worker.objects.count() == 2)
    open(files[1], "w").close()
    held.wait(30)
    # Before its row is back a worker may lose what it holds, and once more what it claims then.
    assert Transition.objects.filter(run=held, event="lose").count() <= 2
    noop.enqueue().wait(30)


def test_runs_of_a_dead_worker_whose_row_was_deleted_are_rescued(start_worker, files, wait_until):
    result = hold.enqueue(*files)
    dead = start_worker(name="dead")
    wait_until(lambda: trail.read(files[0]))
    dead.worker._heart.stop()
    Worker.objects.all()._raw_delete("default")
    start_worker(name="heir")
    wait_until(lambda: Transition.objects.filter(run__pk=result.id, event="lose").exists())
    open(files[1], "w").close()


@pytest.mark.fault("F35", "F75")
def test_a_run_deleted_by_hand_while_it_runs_is_let_go(held, files, caplog, wait_until):
    for model in (Transition, RunDetail):
        model.objects.filter(run=held).delete()
    TaskRun.objects.filter(pk=held.pk)._raw_delete("default")
    open(files[1], "w").close()
    wait_until(lambda: f"Run {held.pk}" in caplog.text and "stale result dropped" in caplog.text)
    noop.enqueue().wait(30)


@pytest.mark.fault("F51", "F69")
def test_a_run_of_an_unknown_function_waits_and_runs_after_the_deploy(start_worker, monkeypatch, wait_until):
    monkeypatch.setattr(handback, "SHORTEST", 0.05)
    row = Task.objects.create(name="old name", function="tests.jobs.tasks.renamed")
    run = row.start()
    start_worker()
    wait_until(lambda: Transition.objects.filter(run=run, event="reschedule").count() >= 2)
    (*_, reason) = Transition.objects.filter(run=run, event="reschedule").values_list("reason", flat=True)
    assert "'tests.jobs.tasks.renamed'" in reason
    Task.objects.filter(pk=row.pk).update(function=noop.module_path)
    run.wait(30)
    run.refresh_from_db()
    assert run.attempt == 1


def test_a_state_that_nobody_knows_stops_nobody(start_worker):
    noop.enqueue()
    strange = noop.enqueue()
    # The CHECK constraint keeps such words out; a run in PREPARE stands for whatever the claim does not name.
    TaskRun._base_manager.filter(pk=strange.id).update(state="PREPARE")
    start_worker(burst=True).wait()
    assert sorted(TaskRun.objects.values_list("state", flat=True)) == ["DONE", "PREPARE"]

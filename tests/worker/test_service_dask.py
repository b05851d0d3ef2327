"""Runs on a Dask cluster: the computation goes there, claims and outcomes stay in the database."""

from __future__ import annotations

from importlib import import_module

import pytest

from django_tasks_fsm.models import TaskRun
from tests.jobs import pools, trail

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")
# What Dask and the libraries below it warn of is not this project's.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def clustered(settings, quick_options, database_url, monkeypatch):
    """Give the tasks that ask for Dask; the clusters end with the test."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.clustered")
    entry = settings.TASKS["default"]
    options = {**entry["OPTIONS"], "EXECUTORS": {"dask": "tests.jobs.pools.dask"}}
    settings.TASKS = {"default": {**entry, "OPTIONS": options}}
    yield import_module("tests.jobs.clustered")
    for cluster in pools.clusters:
        cluster.close(timeout=20)
    pools.clusters.clear()


@pytest.mark.parametrize("apart", [False, True])
def test_the_cluster_computes_and_the_database_keeps_the_books(clustered, start_worker, monkeypatch, apart):
    monkeypatch.setattr(pools, "APART", apart)
    start_worker()
    results = [clustered.tell.enqueue() for _ in range(10)]
    assert {result.wait(90) for result in results} == {*pools.clusters[0].scheduler.workers}
    run = TaskRun.objects.get(pk=results[0].id)
    assert (run.state, run.attempt, run.progress) == ("DONE", 1, 50)


def test_a_lost_cluster_loses_no_run_and_charges_none(clustered, start_worker, tmp_path, wait_until, monkeypatch):
    monkeypatch.setattr(pools, "APART", True)
    monkeypatch.setattr("django_tasks_fsm.worker.handback.SHORTEST", 0.1)
    path, gate = tmp_path / "trail", tmp_path / "gate"
    start_worker()
    result = clustered.hold.enqueue(str(path), str(gate))
    wait_until(lambda: trail.read(path), 60)
    pools.clusters[0].close(timeout=20)
    wait_until(lambda: len(trail.read(path)) == 2, 60)
    gate.touch()
    assert result.wait(30) == 1
    assert len(pools.clusters) == 2


def test_a_person_cancels_a_run_on_the_cluster(clustered, start_worker, tmp_path, wait_until):
    start_worker()
    path = tmp_path / "trail"
    run = clustered.obey.enqueue(str(path)).run
    wait_until(lambda: trail.read(path))
    run.cancel(reason="not wanted any more")
    wait_until(lambda: TaskRun.objects.get(pk=run.pk).state == "CANCELLED")
    wait_until(lambda: trail.read(path) == ["began", "ended"])

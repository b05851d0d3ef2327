"""Atomic functions under a whole worker."""

from __future__ import annotations

import pytest
from django.db import connection

from django_tasks_fsm.models import RunLog, TaskRun
from django_tasks_fsm.tasks_api import task_finished
from tests.jobs import trail, wholes

pytestmark = pytest.mark.usefixtures("quick_options")


def lines(result):
    return list(RunLog.objects.filter(run=result.id).order_by("number").values_list("message", flat=True))


@pytest.fixture
def finished():
    """Give the ids of the runs whose end is told."""
    heard = []

    def hear(sender, task_result, **kwargs):
        heard.append(str(task_result.id))

    task_finished.connect(hear)
    yield heard
    task_finished.disconnect(hear)


def test_its_end_frees_the_slot_and_is_told_with_its_lines(start_worker, finished, wait_until):
    start_worker(concurrency=1)
    results = [wholes.speak.enqueue(f"word{number}") for number in range(3)]
    for result in results:
        result.wait(30)
    assert wholes.left("word") == 3
    wait_until(lambda: sorted(finished) == sorted(str(result.id) for result in results))
    wait_until(lambda: [lines(each) for each in results] == [[f"first word{n}", f"last word{n}"] for n in range(3)])


def test_a_child_process_commits_by_itself(start_worker, finished, wait_until, monkeypatch, database_url):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.jobs.settings")
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.wholes")
    start_worker()
    result = wholes.add_apart.enqueue("word")
    result.wait(30)
    assert wholes.left("word") == 1
    wait_until(lambda: finished == [str(result.id)] and lines(result) == ["apart word"])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its transaction keeps everybody from aborting the run")
def test_an_abort_refuses_the_commit(start_worker, tmp_path, wait_until, caplog):
    worker = start_worker()
    path, gate = str(tmp_path / "trail"), tmp_path / "gate"
    result = wholes.hold.enqueue("word", path, str(gate))
    wait_until(lambda: trail.read(path) == ["began"])
    TaskRun.objects.get(pk=result.id).abort(reason="now")
    gate.touch()
    wait_until(lambda: "stale result dropped" in caplog.text)
    assert worker.stop() == 0
    assert (TaskRun.objects.get(pk=result.id).state, wholes.left("word")) == ("ABORTED", 0)

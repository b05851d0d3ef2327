"""One life, told three times: by signals here, by signals in the worker's process, and by the rows all can read."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.models import TaskRun, Transition
from tests.cli.terminal import as_json
from tests.jobs import trail
from tests.jobs.hearing import listener
from tests.jobs.processes import start_process
from tests.jobs.tasks import echo, fail, obey

__all__ = ["start_process"]
pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def here():
    """Give what this process hears."""
    heard: list[str] = []
    receivers = [
        (signals.runs_moved, listener("moved", heard.append)),
        (signals.run_events, listener("event", heard.append)),
    ]
    for signal, receiver in receivers:
        signal.connect(receiver)
    yield heard
    for signal, receiver in receivers:
        signal.disconnect(receiver)


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Give the file in which the worker's process writes what it hears."""
    monkeypatch.setenv("TESTS_HEARD", str(tmp_path / "heard"))
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.hearing")
    return str(tmp_path / "heard")


@pytest.fixture
def lives(here, there, start_process, tmp_path, wait_until):
    """Let runs live through whatever may happen to them, at the hands of both processes, and give their ids."""

    def state(run, *states):
        wait_until(lambda: TaskRun.objects.get(pk=run.pk).state in states)

    start_process()
    done, failing = echo.enqueue(1).run, fail.enqueue().run
    later = echo.using(run_after=timezone.now() + timedelta(hours=1)).enqueue(2).run
    stopped = obey.enqueue(str(tmp_path / "trail")).run
    later.cancel(reason="not wanted")
    wait_until(lambda: Transition.objects.filter(run=failing, event="retry").exists())
    TaskRun.objects.get(pk=failing.pk).reschedule(timezone.now())
    state(failing, "FAILED")
    TaskRun.objects.get(pk=failing.pk).resolve(7, reason="by hand")
    state(done, "DONE")
    TaskRun.objects.get(pk=done.pk).rerun()
    wait_until(lambda: TaskRun.objects.get(pk=done.pk).fence == 2)
    state(done, "DONE")
    wait_until(lambda: trail.read(tmp_path / "trail"))
    stopped.cancel(reason="enough")
    state(stopped, "CANCELLED")
    TaskRun.objects.get(pk=stopped.pk).abort()
    runs = [done, failing, later, stopped]
    wait_until(lambda: len(told(here, there, "moved")) >= len(written()))
    wait_until(lambda: sum(row[1] == "done" for row in told(here, there, "event")) == 2)
    return runs


def told(here, there, name):
    """Return what both processes have heard by one signal."""
    lines = [json.loads(line) for line in (*here, *trail.read(there))]
    return sorted(tuple(values) for kind, *values in lines if kind == name)


def written():
    """Return the same of the rows; what was only asked for has changed no state, and no signal tells it."""
    columns = ("run_id", "event", "from_state", "to_state", "attempt", "actor")
    rows = Transition.objects.filter(run__isnull=False).exclude(event__endswith="_requested")
    return sorted((str(pk), *rest) for pk, *rest in rows.values_list(*columns))


def test_signals_of_both_processes_are_the_rows_and_all_events_add_the_ordinary_path(lives, here, there):
    assert told(here, there, "moved") == written()
    assert {row[1] for row in written()} >= {"cancel", "retry", "reschedule", "error", "resolve", "rerun", "abort"}
    assert {json.loads(line)[2] for line in here} & {json.loads(line)[2] for line in trail.read(there)} <= {"cancel"}
    ordinary = [row for row in told(here, there, "event") if row not in set(written())]
    assert {row[1] for row in ordinary} <= {"queue", "dispatch", "done", "hold"}
    assert sorted(row for row in told(here, there, "event") if row in set(written())) == written()
    done = [row[1:4] for row in told(here, there, "event") if row[0] == str(lives[0].pk)]
    assert done.count(("dispatch", "QUEUED", "RUNNING")) == 2
    assert done.count(("done", "RUNNING", "DONE")) == 2


def test_every_process_reads_the_same_history(lives, manage):
    for run in lives:
        seen = json.loads(manage("tasks_fsm", "show", str(run.pk), "--json").stdout)
        assert seen["transitions"] == as_json("show", run.pk)["transitions"]
        assert seen["transitions"]

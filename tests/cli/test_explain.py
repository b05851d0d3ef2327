"""``tasks_fsm explain`` as a person or a script uses it."""

from __future__ import annotations

import io
import json
import subprocess
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from django_tasks_fsm.models import Queue, Task, TaskRun, Worker
from tests.jobs.tasks import noop

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def worker(transactional_db: None) -> Worker:
    """Give a live worker that serves every queue."""
    now = timezone.now()
    return Worker.objects.create(name="w", queues=["*"], started_at=now, heartbeat_at=now)


def explain(*arguments: str) -> tuple[int, str]:
    """Return exit code and output."""
    out = io.StringIO()
    try:
        call_command("tasks_fsm", "explain", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_exit_code_tells_a_script(manage: Manage, worker: Worker):
    run = noop.enqueue().run
    free = manage("tasks_fsm", "explain", str(run.pk))
    Queue.objects.filter(name=run.queue).update(paused_at=timezone.now(), pause_reason="the disk is full")
    held = manage("tasks_fsm", "explain", str(run.pk))
    unknown = [manage("tasks_fsm", "explain", what) for what in (str(uuid.uuid4()), "no such task")]
    assert [done.returncode for done in (free, held, *unknown)] == [0, 1, 2, 2], free.stdout
    assert "[no] queue" in held.stdout
    assert "(the disk is full)" in held.stdout
    assert unknown[1].stderr.strip() == "CommandError: There is no run and no task 'no such task'."


@pytest.mark.usefixtures("worker")
def test_a_run_that_could_run_says_so():
    code, out = explain(str(noop.enqueue().run.pk))
    assert code == 0
    assert "It could run now." in out.splitlines()


@pytest.mark.usefixtures("worker")
def test_a_shut_gate_comes_with_its_way_out():
    run = noop.using(run_after=timezone.now() + timedelta(hours=1)).enqueue().run
    code, out = explain(str(run.pk))
    assert code == 1
    assert "It cannot run now." in out
    assert "-> Wait, or set another time (reschedule)." in out


@pytest.mark.usefixtures("transactional_db")
def test_a_task_is_found_by_its_name():
    Task.objects.create(name="nightly figures", function="tests.jobs.tasks.noop")
    code, out = explain("nightly figures")
    assert code == 1
    assert "It fires only when asked." in out


@pytest.mark.usefixtures("worker")
def test_json_is_one_object_with_the_same_verdict():
    run = noop.enqueue().run
    TaskRun.objects.filter(pk=run.pk).cancel()
    code, out = explain(str(run.pk), "--json")
    found: dict[str, Any] = json.loads(out)
    assert (code, found["could_run"], found["kind"], found["id"]) == (1, False, "run", str(run.pk))
    assert [gate["name"] for gate in found["gates"] if not gate["ok"]] == ["state"]


@pytest.mark.usefixtures("transactional_db")
def test_hostile_names_stay_on_their_line():
    name = "evil\n[ok] forged \x1b[31m"
    Task.objects.create(name=name, function="tests.jobs.tasks.noop")
    out = explain(name)[1]
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.startswith("[ok] forged")]


@pytest.mark.usefixtures("transactional_db")
def test_what_is_unknown_is_an_error_for_callers_too():
    with pytest.raises(CommandError) as caught:
        explain("nothing")
    assert caught.value.returncode == 2

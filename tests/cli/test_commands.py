"""The commands as a person types them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from django_tasks_fsm.models import Task, TaskRun
from tests.jobs.tasks import add, noop
from tests.servers.processes import MANAGE, TETHER, environment

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_burst_ends_with_zero_and_says_what_it_did(manage: Manage):
    result = add.enqueue(1, 2)
    done = manage("tasks_fsm", "worker", "--burst", "--name", "Ada", "--no-reload", "-v", "1")
    assert done.returncode == 0, done.stderr
    assert "Worker Ada (" in done.stderr
    assert "1 runs finished" in done.stderr
    assert TaskRun.objects.get(pk=result.id).result == 3


@pytest.mark.parametrize("command", [("runworker",), ("tasks_fsm", "worker")])
def test_a_bad_flag_ends_with_two_and_a_sentence(manage: Manage, command):
    done = manage(*command, "--queues", "a b")
    assert done.returncode == 2
    assert "'a b' is not a queue name: use 1 to 64 letters" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_database_is_a_sentence(manage: Manage):
    done = manage("runworker", "--database", "nowhere")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "CommandError: There is no database 'nowhere' in DATABASES. Known: default."
    )


def test_hostile_names_stay_on_their_line(start_process: Any, wait_until: Callable[..., Any]):
    row = Task.objects.create(name="evil\n00:00:00 info Worker forged ready", function="tests.jobs.tasks.fail")
    process = start_process("--name", "one\x1b[31m\ntwo")
    run = row.start()
    process.wait_for(str(run.pk))
    lines = process.log.splitlines()
    assert not [line for line in lines if line.startswith("00:00:00")]
    assert all("\x1b" not in line for line in lines)
    assert len([line for line in lines if "ready: queues" in line]) == 1


@pytest.mark.fault("F13")
def test_nobody_reading_the_log_costs_no_run(database_url: str):
    reading, writing = os.pipe()
    os.close(reading)  # every line is a broken pipe
    command = [sys.executable, str(TETHER), sys.executable, str(MANAGE), "runworker", "--no-reload", "--interval=0.1"]
    worker = subprocess.Popen(command, env=environment(database_url), stdout=writing, stderr=writing)
    os.close(writing)
    try:
        noop.enqueue().wait(30)
        worker.send_signal(signal.SIGTERM)
        # Python answers 120 when it cannot flush its output at the end.
        assert worker.wait(30) in (0, 120)
    finally:
        worker.kill()
        worker.wait()

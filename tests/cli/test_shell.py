"""The exit codes that a shell sees, and the question at a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from django_tasks_fsm.models import Queue, TaskRun
from tests.servers.processes import MANAGE, environment
from tests.store.rows import a_run

Manage = Callable[..., "subprocess.CompletedProcess[str]"]


def test_exit_codes_tell_a_script(manage: Manage):
    Queue.objects.get_or_create(name="default")
    a_run("QUEUED")
    commands = [("status",), ("status", "--check"), ("list", "--limit", "0"), ("list", "tusks"), ("run", "no task")]
    ended = [manage("tasks_fsm", *arguments) for arguments in commands]
    assert [one.returncode for one in ended] == [0, 1, 2, 2, 2]
    assert "Traceback" not in "".join(one.stderr for one in ended)
    assert ended[3].stderr.strip() == "CommandError: There is no list of 'tusks'. Did you mean 'tasks'?"


def test_a_bad_value_is_named(manage: Manage):
    ended = manage("tasks_fsm", "run", "sum", "--args", "{}")
    assert ended.returncode == 2
    assert "'{}' is not a JSON list" in ended.stderr


@pytest.mark.parametrize(("answer", "code", "states"), [("n", 1, {"QUEUED"}), ("y", 0, {"CANCELLED"})])
def test_a_terminal_is_asked_beside_the_output(database_url: str, answer: str, code: int, states: set[str]):
    for _ in range(2):
        a_run("QUEUED")
    terminal, stdin = os.openpty()
    os.write(terminal, f"{answer}\n".encode())
    command = [sys.executable, str(MANAGE), "tasks_fsm", "cancel", "--task", "work", "--json"]
    how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60, "check": False}
    ended = subprocess.run(command, env=environment(database_url), stdin=stdin, **how)
    os.close(stdin)
    os.close(terminal)
    assert (ended.returncode, ended.stderr) == (code, "Cancel 2 runs? [y/N] ")
    assert ended.stdout.startswith("{")
    assert set(TaskRun.objects.values_list("state", flat=True)) == states

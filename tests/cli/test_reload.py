"""The worker that follows the code, for development."""

from __future__ import annotations

import os
import signal

import pytest

from django_tasks_fsm.cli.worker import wants_reload
from django_tasks_fsm.models import Task
from tests.servers.processes import ROOT

CODE = "from django_tasks_fsm import task\n\n\n@task\ndef say():\n    return {word!r}\n"


@pytest.mark.parametrize(
    ("options", "debug", "terminal", "wanted"),
    [
        ({}, True, True, True),
        ({}, False, True, False),
        ({}, True, False, False),
        ({"burst": True}, True, True, False),
        ({"processes": 2}, True, True, False),
        ({"reload": True}, False, False, True),
        ({"reload": False}, True, True, False),
    ],
)
def test_by_itself_it_reloads_in_development_only(settings, options, debug, terminal, wanted):
    settings.DEBUG = debug
    assert wants_reload({"reload": None, "burst": False, "processes": 1, **options}, terminal) is wanted


def test_a_change_of_code_restarts_the_worker_and_ctrl_c_ends_it(worker_process, tmp_path, wait_until):
    module = tmp_path / "volatile.py"
    module.write_text(CODE.format(word="before"))
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.jobs.settings",
        "TESTS_TASK_MODULES": "volatile",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = worker_process("--reload", "--interval=0.1", env=env)
    row = Task.objects.create(name="volatile", function="volatile.say")
    assert row.start().wait(30) == "before"
    # Again and again: what changes before the reloader's first look is no change to it.
    wait_until(lambda: module.write_text(CODE.format(word="after")) and "volatile.py has changed" in process.log)
    assert row.start().wait(30) == "after"
    # As a terminal does, to all of the group: the reloader and the worker below it.
    os.killpg(process.pid, signal.SIGINT)
    process.wait(30)
    assert process.log.count("has stopped") == 2


def test_told_to_end_it_tells_the_worker_below_and_waits_for_it(worker_process):
    process = worker_process("--reload", env={"DJANGO_SETTINGS_MODULE": "tests.jobs.settings"})
    assert process.stop(signal.SIGTERM) == 0
    assert "the reloader ends" in process.log
    assert "has stopped" in process.log

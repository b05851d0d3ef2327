"""Rows that name what is no task: whoever wrote them, and however, nothing of it is imported, called or followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.db import connection

from django_tasks_fsm.models import Task, TaskRun
from tests.jobs.tasks import echo, noop
from tests.store.rows import a_run, a_task

pytestmark = pytest.mark.usefixtures("quick_options")

NAMES = (
    "os.system", "subprocess.call", "builtins.eval", "builtins.exec", "django.core.management.call_command",
    "tests.jobs.tasks.echo.func", "tests.jobs.tasks.__builtins__", "__import__", "django_tasks_fsm.worker",
    "../etc/passwd",
)  # fmt: skip


@pytest.mark.fault("F80")
def test_a_worker_calls_registered_functions_only_whatever_rows_say(start_worker: Any, tmp_path: Path) -> None:
    trace = tmp_path / "called"
    argument = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    runs = [_by_sql(name, argument) for name in NAMES[:5]] + [_by_fixture(name, argument) for name in NAMES[5:]]
    runs.append(_by_sql("os.system", f"touch {trace}"))
    good = echo.enqueue("well")
    start_worker(burst=True).wait()
    good.refresh()
    assert good.is_finished
    assert not trace.exists()
    for run in runs:
        run.refresh_from_db()
        assert (run.state, run.attempt) == ("PENDING", 0), run.task.function
        assert f"No task is registered as {run.task.function!r}" in run.transitions.latest("pk").reason


@pytest.mark.fault("F80")
def test_an_executor_is_a_name_from_the_settings_and_no_path(start_worker: Any) -> None:
    row = a_task("by a path", function=noop.module_path)
    run = a_run("QUEUED", task=row)
    Task._base_manager.filter(pk=row.pk).update(executor="os.system")
    start_worker(burst=True).wait()
    run.refresh_from_db()
    assert run.state != "DONE"
    assert "os.system" in (run.error or run.transitions.latest("pk").reason)


def _by_sql(name: str, argument: str) -> TaskRun:
    run = a_run("QUEUED", task=a_task(f"by SQL {name} {argument}"[:100]), args=[argument])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_tasks_fsm_task SET function = %s WHERE id = %s", [name, run.task_id])
    run.task.refresh_from_db()
    return run


def _by_fixture(name: str, argument: str) -> TaskRun:
    run = a_run("QUEUED", task=a_task(f"by fixture {name}"), args=[argument])
    rows = json.loads(serializers.serialize("json", [run.task]))
    rows[0]["fields"]["function"] = name
    for loaded in serializers.deserialize("json", json.dumps(rows)):
        loaded.save()
    run.task.refresh_from_db()
    return run

"""A process that makes runs itself dies: what it held is not lost with it."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest

from django_tasks_fsm.models import Worker
from django_tasks_fsm.store.rescue import rescue
from tests.jobs import trail
from tests.jobs.tasks import echo, hold
from tests.servers.processes import ManageProcess

MAKE = (
    "from django_tasks_fsm import make_now; from django_tasks_fsm.models import TaskRun; "
    "make_now(TaskRun.objects.get(pk='{}'))"
)


@pytest.mark.fault("F1")
def test_a_run_whose_maker_is_killed_goes_back_to_the_workers(database_url, tmp_path, wait_until):
    held = hold.enqueue(str(tmp_path / "trail"), str(tmp_path / "gate")).run
    after = echo.using(after=[held]).enqueue("after").run
    process = ManageProcess(database_url, "shell", "-c", MAKE.format(after.pk))
    try:
        wait_until(lambda: trail.read(tmp_path / "trail"))
        assert Worker.objects.get().is_alive
        assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    finally:
        process.close()
    assert [row.pk for row in rescue(timedelta(0), 3, "default")] == [held.pk]
    (tmp_path / "gate").touch()
    assert after.make()
    held.refresh_from_db()
    assert (held.state, held.attempt) == ("DONE", 2)

"""While workers are at it a check finds nothing, not even at the first look."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_tasks_fsm import chain
from django_tasks_fsm import group as together
from django_tasks_fsm.models import TaskRun
from django_tasks_fsm.store.check import RULES, check
from tests.jobs.database import transactional_db
from tests.jobs.limited import two_at_once
from tests.jobs.tasks import add, echo, fail, noop
from tests.jobs.threads import StartWorker

__all__ = ["transactional_db"]

MOST_LOOKS = 40


def work(trail: str) -> None:
    """Enqueue what ends well, fails, waits for others, stands in line, bears keys."""
    for number in range(3):
        noop.enqueue()
        fail.enqueue()
        two_at_once.enqueue(trail, str(number))
        echo.using(key="k", on_key="replace").enqueue(number)
        chain(add.step(1, number), together(echo.step(1), fail.step()), noop.step()).enqueue()


def steer() -> None:
    """Begin anew what has failed, and cancel what waits."""
    TaskRun.objects.filter(state="FAILED")[:2].retry()
    TaskRun.objects.filter(state="PENDING").order_by("-pk")[:1].cancel()


@pytest.mark.usefixtures("quick_options")
def test_a_busy_system_breaks_no_rule(start_worker: StartWorker, tmp_path: Path) -> None:
    work(str(tmp_path / "trail"))
    worker = start_worker(concurrency=3, burst=True)
    for look in range(MOST_LOOKS):
        if not worker.is_alive:
            break
        if look < 3:
            steer()
        assert check(RULES, "default", again_after=0).findings == []
    worker.stop()
    assert TaskRun.objects.filter(state="DONE").exists()
    assert check(RULES, "default", again_after=0).findings == []

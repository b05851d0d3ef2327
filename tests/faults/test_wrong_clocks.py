"""Clocks that are wrong, or jump: those of hosts decide nothing, that of the database is followed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_tasks_fsm.core import triggers
from django_tasks_fsm.core.states import RunState
from django_tasks_fsm.models import Task, TaskRun, Transition, Worker
from django_tasks_fsm.store.prune import prune
from tests.acceptance.virtual_clock import VirtualClock
from tests.jobs import trail
from tests.jobs.tasks import add, hold, noop

pytestmark = pytest.mark.usefixtures("quick_options")

HOUR = timedelta(hours=1)
YEARS = timedelta(days=3650)


def hourly(at):
    trigger = triggers.dump(triggers.Interval(every=HOUR, start=at))
    return Task.objects.create(name="hourly", function=noop.module_path, trigger=trigger, next_run_at=at)


@pytest.mark.fault("F53")
@pytest.mark.parametrize("wrong", [YEARS, -HOUR], ids=str)
def test_a_worker_whose_host_has_a_wrong_clock_does_what_is_due_and_prunes_nothing(start_worker, monkeypatch, wrong):
    now = timezone.now()
    due, later = hourly(now), noop.using(run_after=now + HOUR / 2).enqueue()
    result = add.enqueue(1, 2)
    monkeypatch.setattr(timezone, "now", lambda: now + wrong)
    worker = start_worker(burst=True)
    assert worker.wait() == 0
    assert result.wait(30) == 3
    assert list(TaskRun.objects.filter(task=due).values_list("state", flat=True)) == ["DONE"]
    assert TaskRun.objects.get(pk=later.id).state == "PENDING"
    assert not Transition.objects.filter(event="lose").exists()
    assert prune({RunState.DONE: timedelta(days=1)}, "default") == 0


@pytest.mark.fault("F54")
@pytest.mark.parametrize(("jump", "slots"), [(HOUR, 2), (-HOUR, 1)], ids=["forward", "back"])
def test_a_jump_of_the_databases_clock_doubles_no_slot_and_loses_no_run(
    start_worker, monkeypatch, tmp_path, wait_until, jump, slots
):
    path, gate = str(tmp_path / "trail"), str(tmp_path / "gate")
    clock = VirtualClock(monkeypatch, timezone.now())
    task = hourly(clock.now)
    held = hold.enqueue(path, gate)
    worker = start_worker()
    wait_until(lambda: trail.read(path) and TaskRun.objects.filter(task=task, state="DONE").count() == 1)
    clock.move(jump)
    me = Worker.objects.filter(pk=worker.worker.identity.id)
    wait_until(lambda: abs(me.get().heartbeat_at - clock.now) < timedelta(seconds=1))
    wait_until(lambda: TaskRun.objects.filter(task=task, state="DONE").count() == slots)
    assert add.enqueue(1, 2).wait(30) == 3
    open(gate, "w").close()
    # Until its next heartbeat a worker counts as silent for an hour, so that the run may have had another attempt.
    assert held.wait(30) in (1, 2)
    assert TaskRun.objects.filter(task=task).values("scheduled_for").distinct().count() == slots
    assert TaskRun.objects.filter(task=task).count() == slots

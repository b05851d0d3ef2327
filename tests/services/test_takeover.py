"""One holder at a time, whatever becomes of it: killed, frozen, or asked to stop."""

from __future__ import annotations

import signal

import pytest

from django_tasks_fsm.models import TaskRun, Transition
from tests.jobs import trail as trails
from tests.jobs.processes import LONG_LEASE
from tests.jobs.services import blocks, ticker

pytestmark = pytest.mark.usefixtures("quick_options")


@pytest.fixture
def held(start_service_process, begun):
    """Give a worker process that ticks, and its run."""
    process = start_service_process()
    return process, begun(ticker)


@pytest.mark.fault("F1")
def test_a_killed_holder_is_followed_by_another_within_the_lease(held, start_service_process, trail, wait_until):
    process, run = held
    heir = start_service_process()
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: "setup 2" in trails.read(trail) and trails.read(trail)[-1] == "tick")
    run.refresh_from_db()
    assert (run.state, run.attempt, run.fence) == ("RUNNING", 2, 2)
    assert list(run.transitions.values_list("event", flat=True)) == ["lose"]
    assert "cleanup" not in trails.read(trail)
    assert heir.stop() == 0
    assert trails.read(trail)[-1] == "cleanup"


@pytest.mark.fault("F4")
@pytest.mark.by_hand
def test_a_holder_that_slept_beyond_its_lease_ticks_no_more_and_cleans_up(held, start_worker, trail, wait_until):
    process, run = held
    process.send(signal.SIGSTOP)
    heir = start_worker()
    wait_until(lambda: "setup 2" in trails.read(trail) and trails.read(trail)[-1] == "tick")
    heir.stop()
    ended = len(trails.read(trail))
    before = TaskRun.objects.filter(pk=run.pk).values().get()
    Transition.objects.all().delete()
    run.cancel()
    process.send(signal.SIGCONT)
    wait_until(lambda: len(trails.read(trail)) > ended)
    assert trails.read(trail)[ended:] == ["cleanup"]
    after = TaskRun.objects.filter(pk=run.pk).values().get()
    assert (after["fence"], after["worker_id"]) == (before["fence"], before["worker_id"])


def test_a_stopped_holder_is_followed_at_once(start_service_process, begun, trail, wait_until):
    first = start_service_process(lease=LONG_LEASE)
    run = begun(ticker)
    start_service_process(lease=LONG_LEASE)
    assert first.stop() == 0
    wait_until(lambda: trails.read(trail).count("setup 1") == 2)
    steps = trails.read(trail)
    assert steps.index("cleanup") < len(steps) - 1 - steps[::-1].index("setup 1")
    assert list(run.transitions.values_list("event", flat=True)) == ["release"]


def test_a_second_signal_gives_up_at_once_and_says_so(start_service_process, trail, gate, wait_until):
    process = start_service_process("--grace=60", lease=LONG_LEASE)
    run = TaskRun.objects.get(pk=blocks.enqueue(trail, gate).id)
    wait_until(lambda: trails.read(trail) == ["blocked"])
    process.send(signal.SIGTERM)
    process.wait_for("stops")
    process.send(signal.SIGTERM)
    assert process.wait(30) == 1
    run.refresh_from_db()
    assert run.state == "QUEUED"
    assert Transition.objects.get(run=run).reason == "the worker stopped before it ended"
    assert trails.read(trail) == ["blocked"]

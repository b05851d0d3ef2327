"""Stops at random moments: while a worker starts, claims, runs and writes. Nothing is lost, doubled or left behind.

``TASKS_FSM_STOPS=100`` stops as often; ``TASKS_FSM_STOPS_SEED`` repeats a run that has failed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter

import pytest

from django_tasks_fsm.models import Task, TaskRun, Transition, Worker
from tests.jobs import stopping, trail

STOPS = int(os.environ.get("TASKS_FSM_STOPS", "10"))
SEED = int(os.environ.get("TASKS_FSM_STOPS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
BOUND = 15.0
LATEST = 1.6
"""Seconds after its birth until which a worker is stopped; about half of them go by before it claims."""
RUNS_EACH = 10
PLACES = {
    stopping.brief: ("", "thread", "process", "inline", "threads"),
    stopping.abrief: ("", "asyncio", "asyncio:side", "process", "inline"),
}


pytestmark = pytest.mark.slow


@pytest.fixture
def path(tmp_path, monkeypatch, database_url):
    monkeypatch.setenv("TESTS_TASK_MODULES", "tests.jobs.stopping")
    return str(tmp_path / "trail")


def enqueue(dice, path):
    for _ in range(RUNS_EACH):
        dice.choice(list(PLACES)).enqueue(path, round(dice.uniform(0, 0.3), 3))
    for function, places in PLACES.items():
        Task.objects.filter(name=function.module_path).update(executor=dice.choice(places))


def stop_at_random(start_process, dice):
    process = start_process(f"--grace={dice.choice((0, 0.1, 30))}", "--concurrency=4", ready=None)
    with pytest.raises(subprocess.TimeoutExpired):
        process.process.wait(dice.uniform(0, LATEST))
    code = process.stop(signal.SIGTERM, BOUND)
    # Dead of the signal is one that could not listen yet; it has held nothing.
    assert code == 0 or (code == -signal.SIGTERM and "ready" not in process.log)


@pytest.mark.fault("F2")
def test_stops_at_random_moments(start_process, path):
    print(f"TASKS_FSM_STOPS_SEED={SEED}")
    dice = random.Random(SEED)
    for _ in range(STOPS):
        enqueue(dice, path)
        stop_at_random(start_process, dice)
        assert not TaskRun.objects.filter(state="RUNNING").exists()
        assert not Worker.objects.filter(stopped_at=None).exists()
    assert start_process("--burst", ready=None).wait(120) == 0
    check_effects(path)


def check_effects(path):
    said = Counter(trail.read(path))
    runs = list(TaskRun.objects.values_list("pk", "state", "attempt", "fence"))
    assert len(runs) == STOPS * RUNS_EACH
    assert set(Transition.objects.values_list("event", flat=True)) <= {"release"}
    releases = Counter(Transition.objects.values_list("run", flat=True))
    for pk, state, attempt, fence in runs:
        began, ended, given_back = said[f"began {pk}"], said[f"ended {pk}"], releases[pk]
        assert (state, attempt, fence) == ("DONE", 1, 1 + given_back)
        # Given back before its function was called, it has no effect more; after that, one more.
        assert 1 <= ended <= began <= 1 + given_back

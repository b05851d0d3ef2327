"""Graphs of hundreds of runs, drained by two workers: each run once, and none before what it waits for."""

from __future__ import annotations

import pytest
from django.db.models import F

from django_tasks_fsm import chain, group
from django_tasks_fsm.models import RunPrerequisite, TaskRun
from tests.jobs.tasks import echo, noop

WIDE, LONG = 300, 1_000


@pytest.mark.fault("F65")
def test_a_wide_diamond_and_a_long_chain_are_drained_by_two_workers(start_process, transactional_db):
    graphs = [
        chain(noop, group(*(echo.step(number) for number in range(WIDE))), noop).enqueue(),
        chain(*(echo.step(number) for number in range(LONG))).enqueue(),
    ]
    workers = [start_process("--burst", ready=None) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    runs = TaskRun.objects.filter(graph__in=[made.graph for made in graphs])
    assert runs.count() == WIDE + 2 + LONG
    assert not runs.exclude(state="DONE", attempt=1, fence=1).exists()
    edges = RunPrerequisite.objects.filter(run__in=runs)
    assert edges.count() == 2 * WIDE + LONG - 1
    assert not edges.filter(run__started_at__lt=F("prerequisite__finished_at")).exists()

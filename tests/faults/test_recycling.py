"""Worker processes that make room for fresh ones, and what their successors take over."""

from __future__ import annotations

import os
import signal

from django_tasks_fsm.models import TaskRun, Worker
from tests.cli.terminal import command
from tests.jobs import trail
from tests.jobs.tasks import hold, noop


def roof(start_process, wait_until, *args):
    """Start a supervisor over two processes and wait until both are ready."""
    process = start_process("--processes=2", "--name=roof", *args, ready=None, lease=8.0)
    wait_until(lambda: process.log.count("ready: queues") >= 2)
    return process


def pid_of(name):
    return Worker.objects.filter(stopped_at=None, name=name).values_list("pid", flat=True).latest("started_at")


def test_after_so_many_runs_another_process_follows_at_once_and_no_crash_is_counted(start_process, wait_until):
    under = roof(start_process, wait_until, "--max-tasks=3", "--concurrency=1")
    noop.enqueue_many([[]] * 20)
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 20)
    wait_until(lambda: under.log.count("makes room for a fresh one") >= 6)
    assert "starting it again" not in under.log
    assert under.stop() == 0


def test_alone_a_process_that_has_grown_too_big_ends_with_0(start_process):
    noop.enqueue()
    process = start_process("--max-rss=1", ready=None)
    assert process.wait(60) == 0
    assert "more than --max-rss=1" in process.log
    assert TaskRun.objects.get().state == "DONE"


def test_under_a_supervisor_a_process_that_has_grown_too_big_is_replaced(start_process, wait_until, tmp_path):
    under = roof(start_process, wait_until, "--max-rss=1", "--grace=0")
    former = {pid_of("roof/1"), pid_of("roof/2")}
    path, gate = str(tmp_path / "trail"), tmp_path / "gate"
    results = hold.enqueue_many([[path, str(gate)]] * 2)
    wait_until(lambda: len(trail.read(path)) == 2)
    gate.touch()
    for result in results:
        assert result.wait(30) == 1
    wait_until(lambda: under.log.count("ready: queues") > 2)
    assert {pid_of("roof/1"), pid_of("roof/2")} != former
    assert "starting it again" not in under.log
    assert under.stop() == 0


def test_one_process_is_replaced_as_well(start_process, wait_until):
    under = start_process("--processes=1", "--max-tasks=2", "--concurrency=1", ready=None, lease=8.0)
    noop.enqueue_many([[]] * 5)
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 5)
    assert under.stop() == 0


def test_a_burst_of_small_shares_still_ends(start_process):
    noop.enqueue_many([[]] * 4)
    process = start_process("--processes=2", "--burst", "--max-tasks=1", ready=None)
    assert process.wait(60) == 0
    assert "makes room" not in process.log


def test_a_successor_is_as_paused_and_as_big_as_its_predecessor(start_process, wait_until):
    under = roof(start_process, wait_until, "--concurrency=2")
    assert command("pause", "--worker", "roof")[0] == 0
    assert command("resize", "roof/1", "5")[0] == 0
    former = pid_of("roof/1")
    os.kill(former, signal.SIGKILL)
    under.wait_for("starting it again")
    wait_until(lambda: under.log.count("ready: queues") == 3)
    row = Worker.objects.filter(name="roof/1").latest("started_at")
    assert (row.pid != former, row.is_paused, row.desired_concurrency) == (True, True, 5)
    wait_until(lambda: Worker.objects.get(pk=row.pk).concurrency == 5)
    waiting = noop.enqueue()
    assert TaskRun.objects.get(pk=waiting.id).state == "QUEUED"
    assert command("resume", "--worker", "roof")[0] == 0
    waiting.wait(30)
    assert under.stop() == 0


def test_the_flags_reach_the_processes_of_a_supervisor(start_process, wait_until):
    under = roof(start_process, wait_until, "--concurrency=4", "--reserve=50=1", "--reserve=90=1", "--paused",
                 "--queue-concurrency=reports=2")  # fmt: skip
    rows = list(Worker.objects.filter(stopped_at=None))
    assert len(rows) == 2
    for row in rows:
        assert (row.reserved, row.queue_concurrency, row.is_paused) == ([[50, 1], [90, 1]], {"reports": 2}, True)
    assert under.stop() == 0

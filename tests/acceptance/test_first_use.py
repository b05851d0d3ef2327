"""What somebody does in the first hour: enqueue here, run there, wait for several, make it periodic."""

from __future__ import annotations

import signal

import pytest

from django_tasks_fsm.models import Task, TaskRun
from tests.jobs import trail
from tests.jobs.processes import SHORT_LEASE
from tests.jobs.tasks import bill, hold, noop, price

SHELL = """
from tests.jobs.tasks import bill, price
prices = price.enqueue_many([["tea"], ["coffee"]])
total = bill.using(after=prices).enqueue()
print(total.wait(30))
"""


def test_a_sum_of_results_across_processes(manage, start_process):
    worker = start_process()
    done = manage("shell", "-c", SHELL)
    assert done.stdout.splitlines()[-1:] == ["900"], done.stderr
    assert worker.stop() == 0
    assert "3 runs finished" in worker.log


def test_a_transaction_that_is_rolled_back_enqueues_nothing(manage, start_process):
    code = (
        "from django.db import transaction\n"
        "from tests.jobs.tasks import noop\n"
        "with transaction.atomic():\n"
        "    noop.enqueue()\n"
        "    transaction.set_rollback(True)\n"
        "noop.enqueue().wait(30)\n"
    )
    start_process()
    done = manage("shell", "-c", code)
    assert done.returncode == 0, done.stderr
    assert TaskRun.objects.count() == 1


def test_a_schedule_fires_once_a_slot_with_two_workers(start_process, wait_until):
    row = noop.schedule("ticking", every=0.5)
    assert row is not None
    workers = [start_process(ready=None) for _ in range(2)]
    wait_until(lambda: TaskRun.objects.filter(task=row, state="DONE").count() >= 4, 60)
    Task.objects.get(pk=row.pk).pause()
    slots = list(TaskRun.objects.filter(task=row).values_list("scheduled_for", flat=True))
    assert len(slots) == len(set(slots))
    assert [worker.stop() for worker in workers] == [0, 0]


@pytest.mark.fault("F1")
def test_nothing_is_lost_when_a_worker_is_killed_in_a_graph(start_process, tmp_path, wait_until):
    held = hold.enqueue(str(tmp_path / "trail"), str(tmp_path / "gate"))
    prices = price.enqueue_many([["tea"], ["coffee"]])
    total = bill.using(after=[held, *prices]).enqueue()
    first = start_process(lease=SHORT_LEASE)
    wait_until(lambda: trail.read(tmp_path / "trail") == ["began 1"])
    first.stop(signal.SIGKILL)
    (tmp_path / "gate").touch()
    second = start_process(lease=SHORT_LEASE)
    # The results of a hold, which is its attempt, and of two prices.
    assert total.wait(30) == 2 + 300 + 600
    assert second.stop() == 0

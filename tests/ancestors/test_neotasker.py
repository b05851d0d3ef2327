"""What users of neotasker know, and what its package got wrong."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_tasks_fsm import signals
from django_tasks_fsm.models import Task, TaskRun
from tests.ancestors.rows import come_due
from tests.ancestors.sample import broken, mend, nap, say
from tests.jobs import trail as trails
from tests.jobs.tasks import ahold, hold, mark, noop

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def files(tmp_path) -> tuple[str, str]:
    """Give the trail and the gate of a run that waits."""
    return str(tmp_path / "trail"), str(tmp_path / "gate")


def test_work_may_be_given_before_anybody_is_there_to_do_it(start_worker, said):
    result, coroutine = say.enqueue("early"), nap.enqueue("early too")
    say.schedule("often", every=3600)
    assert TaskRun.objects.filter(state="QUEUED").count() == 2
    start_worker(burst=True).wait()
    assert (result.wait(0), coroutine.wait(0)) == ("early", "early too")


def test_a_run_costs_no_sleep(start_worker, wait_until):
    start_worker(concurrency=1, interval=60.0)
    noop.enqueue_many([[]] * 300)
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 300)


def test_the_urgent_go_first(start_worker, said):
    for priority in (0, 50, -50, 100):
        say.using(priority=priority).enqueue(priority)
    start_worker(burst=True, concurrency=1).wait()
    assert said == [100, 50, 0, -50]


@pytest.mark.parametrize("task", [hold, ahold], ids=["function", "coroutine"])
def test_a_stop_is_bounded_whatever_is_running(start_worker, files, wait_until, task):
    result = task.enqueue(*files)
    worker = start_worker(grace=0.2)
    wait_until(lambda: trails.read(files[0]))
    assert worker.stop() == 0
    assert TaskRun.objects.get(pk=result.id).state == "QUEUED"
    open(files[1], "w").close()


def test_a_stop_waits_no_longer_than_the_last_run(start_worker, files, wait_until):
    result = ahold.enqueue(*files)
    worker = start_worker(grace=3600.0)
    wait_until(lambda: trails.read(files[0]))
    worker.switch.ask("the test asks")
    open(files[1], "w").close()
    assert worker.wait(30) == 0
    assert TaskRun.objects.get(pk=result.id).state == "DONE"


def test_what_waits_in_the_queue_outlives_a_stop(start_worker, files, wait_until):
    mark.enqueue_many([[files[0], str(number)] for number in range(100)])
    first = start_worker(concurrency=1)
    wait_until(lambda: trails.read(files[0]))
    assert first.stop() == 0
    start_worker(burst=True).wait()
    assert Counter(trails.read(files[0])) == {str(number): 1 for number in range(100)}


def test_a_late_interval_fires_no_burst_and_keeps_to_its_grid(start_worker, said):
    task = say.schedule("minutely", every=MINUTE)
    late = timezone.now() - 10 * MINUTE - MINUTE / 2
    Task.objects.filter(pk=task.pk).update(next_run_at=late)
    start_worker(burst=True).wait()
    assert (said, Task.objects.get(pk=task.pk).next_run_at) == (["tick"], late + 11 * MINUTE)


def test_a_delay_counts_from_the_end_and_never_overlaps(start_worker, files, wait_until):
    task: Any = mark.schedule("rests", every=0.01, from_end=True, args=[files[0]])
    come_due(task)
    worker = start_worker()
    wait_until(lambda: task.runs.filter(state="DONE").count() >= 3)
    assert worker.stop() == 0
    runs = list(task.runs.exclude(started_at=None).order_by("scheduled_for"))
    ends = [run.finished_at for run in runs if run.finished_at]
    assert all(later.started_at >= end for end, later in zip(ends, runs[1:], strict=False))


def test_a_time_may_be_left_out_and_a_run_made_beside_the_grid(start_worker, said):
    task = say.schedule("minutely", every=MINUTE)
    planned = task.next_run_at
    task.start()
    start_worker(burst=True).wait()
    assert (said, Task.objects.get(pk=task.pk).next_run_at) == (["tick"], planned)
    task.run_at(planned + MINUTE)
    start_worker(burst=True).wait()
    assert said == ["tick"]


def test_five_events_while_one_is_seen_to_are_one_run_more(start_worker, files, wait_until):
    first = hold.trigger(*files)
    start_worker()
    wait_until(lambda: trails.read(files[0]))
    results = {hold.trigger(*files).id for _ in range(5)}
    open(files[1], "w").close()
    wait_until(lambda: TaskRun.objects.filter(state="DONE").count() == 2)
    assert (len(results), TaskRun.objects.count(), first.id in results) == (1, 2, False)


def test_an_exception_is_told_and_the_schedule_goes_on(start_worker, said):
    broken.add("t1")
    task = mend.schedule("breaks", every=3600, args=["t1"])
    told: list[Any] = []

    def on_error(sender: Any, moved: Any, **kwargs: Any) -> None:
        told.extend(row.event for row in moved)

    signals.runs_moved.connect(on_error)
    for _ in range(2):
        come_due(task)
        start_worker(burst=True).wait()
    signals.runs_moved.disconnect(on_error)
    assert (told, list(task.runs.values_list("state", flat=True))) == (["error"] * 2, ["FAILED"] * 2)
    assert Task.objects.get(pk=task.pk).state == "ACTIVE"


def test_coroutines_that_last_longer_than_their_interval_starve_nobody(start_worker, files, wait_until):
    task: Any = ahold.schedule("slow", every=0.05, args=files, max_instances=1)
    start_worker()
    wait_until(lambda: trails.read(files[0]))
    assert nap.enqueue("beside it").wait(30) == "beside it"
    wait_until(lambda: task.runs.filter(state="SKIPPED").exists())
    assert task.runs.filter(state="RUNNING").count() == 1
    open(files[1], "w").close()
